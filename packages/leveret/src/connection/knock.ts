import { ConnectionError } from '../errors.js'
import { type DialOptions, dial } from './dial.js'
import type { Endpoint } from './endpoint.js'

/** Asks a node whether it would let us in: once for all who want to know meanwhile. */
export class Knock {
  readonly #endpoint: Endpoint
  readonly #options: DialOptions
  #asking: Promise<boolean> | undefined

  constructor(endpoint: Endpoint, options: DialOptions) {
    this.#endpoint = endpoint
    this.#options = options
  }

  /** Never rejects. */
  isAnswered(signal: AbortSignal): Promise<boolean> {
    this.#asking ??= this.#ask(signal).finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #ask(signal: AbortSignal): Promise<boolean> {
    try {
      const { socket } = await dial(this.#endpoint, this.#options, signal)
      socket.destroy()
      return true
    } catch (error) {
      // A limit of connections says that we would be welcome otherwise.
      return error instanceof ConnectionError && error.reason === 'limit'
    }
  }
}
