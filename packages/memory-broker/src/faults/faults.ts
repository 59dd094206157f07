import type { ReplyCode } from '../broker/rules/reply-error.js'
import type { SessionFaults } from '../session/socket/host.js'
import type { MethodName } from '../wire/methods.js'

/** A test's decision about a command of a client: to lose it, or to carry it out. */
export type Interference = 'drop' | 'pass'

/** Causes faults on demand: loses commands and refuses logins. */
export class Faults implements SessionFaults {
  readonly #before = new Map<MethodName, Interference | (() => Interference)>()
  #refusal: ReplyCode | undefined

  get refusal(): ReplyCode | undefined {
    return this.#refusal
  }

  /** Refuses every login with a reply code; `undefined` accepts logins again. */
  refuse(code: ReplyCode | undefined): void {
    this.#refusal = code
  }

  /** Decides whether a command is lost before it is carried out. A function is called for each command. */
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
