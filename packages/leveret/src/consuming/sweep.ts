import type { Channel } from '../connection/channel.js'
import type { ReceivedMessage } from '../connection/message.js'
import { ConnectionError } from '../errors.js'
import { sleep } from '../timing.js'

/** How often, and how long apart, to look whether what went back is there again. */
const LOOKS = 20
const LOOK_EVERY_MS = 25

/**
 * One pass over a queue, on a channel of its own: every message that was there at its start is taken at most once. What has
 * not been acknowledged by its end goes back.
 */
export class Sweep {
  readonly queue: string
  readonly #channel: Channel
  readonly #unsettled = new Map<number, ReceivedMessage['fields']>()
  #left: number
  /** As many as were there at its start, without those that were acknowledged. */
  #expected: number

  private constructor(channel: Channel, queue: string, messageCount: number) {
    this.#channel = channel
    this.queue = queue
    this.#left = messageCount
    this.#expected = messageCount
  }

  /** @throws {@link BrokerError} there is no such queue; {@link ConnectionError} */
  static async begin(channel: Channel, queue: string): Promise<Sweep> {
    const { messageCount } = await channel.checkQueue(queue)
    return new Sweep(channel, queue, messageCount)
  }

  /** Aborted when the channel has ended, and with it the sweep: then all that is unsettled is the broker's again. */
  get signal(): AbortSignal {
    return this.#channel.signal
  }

  /**
   * Takes the next message. What came into the queue since the beginning lies behind it, so that what is put back at the end of
   * the queue is not met again.
   *
   * @returns `undefined` when all have been taken
   * @throws {@link ConnectionError} or {@link BrokerError} the channel has ended
   */
  async next(): Promise<ReceivedMessage | undefined> {
    if (this.#left <= 0) return undefined
    this.#left -= 1
    const message = await this.#channel.get(this.queue)
    if (message === undefined) this.#left = 0
    else this.#unsettled.set(message.fields.deliveryTag, message.fields)
    return message
  }

  /** @throws {@link ConnectionError} the channel has ended: the message is in its queue again */
  ack(message: ReceivedMessage): void {
    this.#unsettled.delete(message.fields.deliveryTag)
    this.#expected -= 1
    if (!this.#channel.ack(message, 'one')) throw new ConnectionError('lost', 'The channel ended before the ack')
  }

  /** Gives back what is unsettled, in the order in which it was taken. */
  giveBack(): void {
    // Never reject: it raises the delivery count on every version of RabbitMQ, and nack does not since 4.3.
    for (const fields of this.#unsettled.values()) this.#channel.requeue({ fields })
    this.#unsettled.clear()
  }

  /**
   * Gives back, and resolves when the broker has seen all that was acknowledged, and counts again what went back. A quorum queue
   * does that a moment later than it answers; whoever looks next is to find everything. Where somebody else takes messages
   * at the same time it waits for half a second at most.
   *
   * @throws as {@link next}
   */
  async end(): Promise<void> {
    this.giveBack()
    for (let look = 1; look <= LOOKS; look += 1) {
      const { messageCount } = await this.#channel.checkQueue(this.queue)
      if (messageCount >= this.#expected) return
      await sleep(LOOK_EVERY_MS, this.signal)
    }
  }
}
