import { EventEmitter } from 'node:events'
import { isLater, maybePromiseOf } from './async/maybe-promise.js'
import { inRootContext } from './async/root-context.js'
import { givenAs } from './errors/given.js'
import { stackOf } from './errors/message-of.js'
import { OptionsError } from './errors/options-error.js'

/**
 * Typed events that cannot hurt who emits them.
 *
 * There is no event called `error`, so a missing listener never throws; and a listener that throws is reported as a
 * process warning, so it never stops the engine that emitted. A listener runs in no async context of anybody else's.
 */
export class Events<Map extends object> {
  readonly #emitter = new EventEmitter().setMaxListeners(0)

  on<Name extends keyof Map & string>(name: Name, listener: Listener<Map[Name]>): void {
    this.#emitter.on(name, checked(name, listener))
  }

  /** The same for the next time only. */
  once<Name extends keyof Map & string>(name: Name, listener: Listener<Map[Name]>): void {
    this.#emitter.once(name, checked(name, listener))
  }

  off<Name extends keyof Map & string>(name: Name, listener: Listener<Map[Name]>): void {
    this.#emitter.off(name, listener)
  }

  /** Whether anybody listens. */
  has(name: keyof Map & string): boolean {
    return this.#emitter.listenerCount(name) > 0
  }

  emit<Name extends keyof Map & string>(name: Name, payload: Map[Name]): void {
    if (!this.has(name)) return
    for (const listener of this.#emitter.rawListeners(name) as Listener<Map[Name]>[]) {
      inRootContext(guarded, `a listener of '${name}'`, () => listener(payload))
    }
  }
}

/** Listeners of named events, each with its payload's type. */
export type Listener<Payload> = (payload: Payload) => void

function checked<T>(name: string, listener: T): T {
  if (typeof listener === 'function') return listener
  throw new OptionsError(`on: the listener of '${name}' is ${givenAs(listener)}: expected a function`)
}

/** Calls what is not ours. When it throws, now or later, that is a process warning and nothing else. */
export function guarded(what: string, call: () => unknown): void {
  const warn = (error: unknown): void => {
    process.emitWarning(`${what} threw: ${stackOf(error)}`, 'LeveretWarning')
  }
  try {
    // It may be async without the types minding.
    const result = maybePromiseOf(call())
    if (isLater(result)) result.catch(warn)
  } catch (error) {
    warn(error)
  }
}
