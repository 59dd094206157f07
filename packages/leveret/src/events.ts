import { EventEmitter } from 'node:events'
import { isLater, maybePromiseOf } from './async/maybe-promise.js'
import { inRootContext } from './async/root-context.js'
import { givenAs } from './errors/given.js'
import { stackOf } from './errors/message-of.js'
import { OptionsError } from './errors/options-error.js'

/**
 * Typed events whose listeners cannot harm the code that emits.
 *
 * There is no event called `error`, so a missing listener never throws. A listener that throws is reported as a process
 * warning, so it never stops the engine that emitted the event. Each listener runs in a fresh async context.
 */
export class Events<Map extends object> {
  readonly #emitter = new EventEmitter().setMaxListeners(0)

  on<Name extends keyof Map & string>(name: Name, listener: Listener<Map[Name]>): void {
    this.#emitter.on(name, checked(name, listener))
  }

  /** Calls the listener for the next event of this name only. */
  once<Name extends keyof Map & string>(name: Name, listener: Listener<Map[Name]>): void {
    this.#emitter.once(name, checked(name, listener))
  }

  off<Name extends keyof Map & string>(name: Name, listener: Listener<Map[Name]>): void {
    this.#emitter.off(name, listener)
  }

  /** Whether an event of this name has a listener. */
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

/**
 * Calls a function that is not leveret's. If it throws, or its promise rejects, leveret emits a process warning and
 * goes on.
 */
export function guarded(what: string, call: () => unknown): void {
  const warn = (error: unknown): void => {
    process.emitWarning(`${what} threw: ${stackOf(error)}`, 'LeveretWarning')
  }
  try {
    // A function that is typed as synchronous may return a promise all the same.
    const result = maybePromiseOf(call())
    if (isLater(result)) result.catch(warn)
  } catch (error) {
    warn(error)
  }
}
