import { randomUUID } from 'node:crypto'
import type { Channel } from '../amqp/channel.js'
import { atMost, unlessAborted } from '../async/timing.js'
import type { ReceivedMessage } from '../message/message.js'

/** How long a consumer waits for its next message before it is cancelled. */
const SILENCE_MS = 250

/**
 * A consumer that takes a given number of messages and no more. The number is its prefetch, so none of its messages may
 * be settled before {@link end}: the broker would send another one in its place.
 */
export class Round {
  readonly #channel: Channel
  readonly #most: number
  readonly #tag = `leveret-${randomUUID()}`
  readonly #arrived: ReceivedMessage[] = []
  #came = 0
  #wake: () => void = () => undefined
  #ending: Promise<void> | undefined

  private constructor(channel: Channel, most: number) {
    this.#channel = channel
    this.#most = most
  }

  /** @throws {@link BrokerError} the queue may not be consumed; {@link ConnectionError} the channel has ended */
  static async begin(channel: Channel, queue: string, most: number): Promise<Round> {
    const round = new Round(channel, most)
    await channel.prefetch(most)
    await channel.consume(queue, round.#tag, (message) => round.#receive(message))
    return round
  }

  /**
   * Takes the next message.
   *
   * @returns `undefined` when all messages of the round were taken, or when none came for a while
   * @throws {@link ConnectionError} or {@link BrokerError} the channel has ended
   */
  async next(): Promise<ReceivedMessage | undefined> {
    if (this.#arrived.length === 0 && this.#ending === undefined) await this.#arrival()
    if (this.#arrived.length === 0) await this.end()
    return this.#arrived.shift()
  }

  /** The messages that were delivered and not taken with {@link next}. Complete after {@link end}. */
  get rest(): readonly ReceivedMessage[] {
    return this.#arrived
  }

  /** Cancels the consumer, once (`basic.cancel`). Resolves when no more messages can come. */
  end(): Promise<void> {
    this.#ending ??= this.#channel.cancel(this.#tag)
    return this.#ending
  }

  /**
   * Receives a message; `undefined` means that the broker has cancelled the consumer, as it does when the queue is
   * deleted.
   */
  #receive(message: ReceivedMessage | undefined): void {
    if (message === undefined) this.#ending ??= Promise.resolve()
    else {
      this.#arrived.push(message)
      this.#came += 1
      // The caller of next() gets this error too.
      if (this.#came === this.#most) this.end().catch(() => undefined)
    }
    this.#wake()
  }

  async #arrival(): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    await atMost(SILENCE_MS, unlessAborted(this.#channel.signal, woken))
  }
}
