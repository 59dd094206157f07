import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Frees what nobody refers to any more, so that one run does not pay for what another left behind. */
export function collectGarbage(): void {
  collect()
}
