import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Frees unreachable memory, so that one run does not pay for the garbage of another. */
export function collectGarbage(): void {
  collect()
}
