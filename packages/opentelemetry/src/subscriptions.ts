import { subscribe, unsubscribe } from 'node:diagnostics_channel'

/** Subscribes to channels of `node:diagnostics_channel`, and ends all of the subscriptions together. */
export class Subscriptions {
  readonly #ends: (() => void)[] = []

  /** Calls `act` for each message of a channel. */
  on<Message>(name: string, act: (message: Message) => void): this {
    const listener = (message: unknown): void => act(message as Message)
    subscribe(name, listener)
    this.#ends.push(() => void unsubscribe(name, listener))
    return this
  }

  /** Ends all subscriptions. */
  end(): void {
    for (const end of this.#ends.splice(0)) end()
  }
}
