import type * as amqp from 'amqplib'

/** The channel numbers of one connection: how many are taken, and when amqplib may give out the next one. */
export class ChannelNumbers {
  #taken = 0
  #whenFree: Promise<void> | undefined

  /** How many channels are being opened, open, or being closed. */
  get taken(): number {
    return this.#taken
  }

  /** Resolves when the next channel may be opened; `undefined` if it may be opened now. */
  get whenFree(): Promise<void> | undefined {
    return this.#whenFree
  }

  /** Opens a channel, whose number is taken until amqplib emits `close`. @throws the error of amqplib */
  async take<C extends amqp.Channel>(opening: Promise<C>): Promise<C> {
    this.#taken += 1
    try {
      const raw = await opening
      raw.once('close', () => {
        this.#taken -= 1
      })
      return raw
    } catch (error) {
      this.#taken -= 1
      throw error
    }
  }

  /** Lets no channel be opened until `flush` has resolved. Several calls wait for one another. */
  holdUntil(flush: () => Promise<void>): void {
    this.#whenFree = this.#whenFree?.then(flush) ?? flush()
  }
}
