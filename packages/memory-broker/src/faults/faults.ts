import type { ReplyCode } from '../broker/rules/reply-error.js'
import type { SessionFaults } from '../session/socket/host.js'
import type { MethodName } from '../wire/methods.js'

/** What a test decides about a command of a client. */
export type Interference = 'drop' | 'pass'

/** Faults on demand: commands that are lost, logins that are refused. */
export class Faults implements SessionFaults {
  readonly #before = new Map<MethodName, Interference | (() => Interference)>()
  #refusal: ReplyCode | undefined

  get refusal(): ReplyCode | undefined {
    return this.#refusal
  }

  /** Refuses every login with a reply code; `undefined` lets them in again. */
  refuse(code: ReplyCode | undefined): void {
    this.#refusal = code
  }

  /** Decides what becomes of a command before it is carried out. A function is asked for each one. */
  before(method: MethodName, interference: Interference | (() => Interference)): void {
    if (interference === 'pass') this.#before.delete(method)
    else this.#before.set(method, interference)
  }

  drops(method: MethodName): boolean {
    const interference = this.#before.get(method)
    return (typeof interference === 'function' ? interference() : interference) === 'drop'
  }

  clear(): void {
    this.#before.clear()
    this.#refusal = undefined
  }
}
