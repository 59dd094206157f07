import { runProgram } from './program.js'
import type { CtlAddress } from './rabbitmq.js'

/**
 * Runs `rabbitmqctl`.
 *
 * @returns its standard output
 * @throws Error with its output, if it fails
 */
export async function runCtl(address: CtlAddress, args: readonly string[]): Promise<string> {
  if ('container' in address) {
    const { execInContainer } = await import('./container/engine.js')
    return execInContainer(address.container, ['rabbitmqctl', '--erlang-cookie', address.cookie, ...args])
  }
  return runProgram(address.program, args, { ...process.env, ...address.env })
}
