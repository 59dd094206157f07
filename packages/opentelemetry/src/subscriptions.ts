import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { diag } from '@opentelemetry/api'

/** Subscribes to channels of `node:diagnostics_channel`, and ends all of the subscriptions together. */
export class Subscriptions {
  readonly #ends: (() => void)[] = []

  /** Calls `act` for each message of a channel. */
  on<Message>(name: string, act: (message: Message) => void): this {
    const listener = (message: unknown): void => {
      try {
        act(message as Message)
      } catch (error) {
        // Node.js would end the process: a processor or propagator that fails must not cost more than its span.
        diag.error(`@leveret/opentelemetry: a subscriber of ${name} failed`, error)
      }
    }
    subscribe(name, listener)
    this.#ends.push(() => void unsubscribe(name, listener))
    return this
  }

  /** Ends all subscriptions. */
  end(): void {
    for (const end of this.#ends.splice(0)) end()
  }
}
