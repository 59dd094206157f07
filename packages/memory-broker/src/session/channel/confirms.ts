import type { Output } from '../socket/output.js'

/**
 * Sends the confirms of a channel. Consecutive equal confirms of one turn become a single `basic.ack` or `basic.nack`.
 */
export class Confirms {
  readonly #channel: number
  readonly #output: Output
  #lastTag = 0
  #run: { readonly stored: boolean; readonly from: number; to: number } | undefined

  constructor(channel: number, output: Output) {
    this.#channel = channel
    this.#output = output
  }

  /** Returns the tag of the message that is being published. */
  next(): number {
    this.#lastTag += 1
    return this.#lastTag
  }

  /** Confirms a message, or refuses it. Messages are settled in the order of their tags. */
  settle(tag: number, stored: boolean): void {
    if (this.#run !== undefined && this.#run.stored === stored && tag === this.#run.to + 1) this.#run.to = tag
    else {
      this.flush()
      this.#run = { stored, from: tag, to: tag }
    }
    this.#output.whenFlushed(this.flush)
  }

  readonly flush = (): void => {
    const run = this.#run
    this.#run = undefined
    if (run === undefined) return
    const args = { deliveryTag: run.to, multiple: run.to > run.from }
    if (run.stored) this.#output.send(this.#channel, 'basic.ack', args)
    else this.#output.send(this.#channel, 'basic.nack', { ...args, requeue: false })
  }
}
