import type { Channel } from '../amqp/channel.js'
import { sleep } from '../async/timing.js'
import { PublishError } from '../errors/publish-error.js'
import { readFailedDeliveries } from '../headers/attempt-headers.js'
import type { ReceivedMessage } from '../message/message.js'
import { Round } from './round.js'
import { COMMANDS_AT_ONCE, Unsettled } from './unsettled.js'

/**
 * Reads a queue once, in rounds: as many messages as the queue held at the start. Copies that the pass stores lie
 * behind those messages, so it does not read them. Messages that are not settled at the end go back to the queue.
 */
export class QueuePass {
  readonly #options: QueuePassOptions
  readonly #unsettled: Unsettled
  #left: number
  /** How many messages the queue will hold after the pass, if no other program adds or takes any. */
  #expected: number
  #window = 1

  private constructor(options: QueuePassOptions, messageCount: number) {
    this.#options = options
    this.#unsettled = new Unsettled(options.channel, options.queue)
    this.#left = messageCount
    this.#expected = messageCount
  }

  /** @throws {@link BrokerError} there is no such queue; {@link ConnectionError} */
  static async begin(options: QueuePassOptions): Promise<QueuePass> {
    const { messageCount } = await options.channel.checkQueue(options.queue)
    return new QueuePass(options, messageCount)
  }

  /** Aborted when the channel ends, which also ends the pass: all unsettled messages then go back to the queue. */
  get signal(): AbortSignal {
    return this.#options.channel.signal
  }

  /** How many of the messages that were there at the start have not been taken yet. */
  get left(): number {
    return this.#left
  }

  /**
   * Takes some messages, one after the other. Their number depends on the size of the messages of the round before, and
   * on how long that round took.
   *
   * @param most - the most messages to take
   * @throws {@link ConnectionError} or {@link BrokerError} the channel has ended
   */
  async *round(most: number): AsyncGenerator<ReceivedMessage, void, undefined> {
    const { channel, queue } = this.#options
    const bound = this.#unsettled.holdsSome ? COMMANDS_AT_ONCE : MOST_IN_HAND
    const wanted = Math.min(most, this.#window, this.#left, bound)
    const round = await Round.begin(channel, queue, wanted)
    this.#unsettled.beginRun()
    const began = performance.now()
    let [taken, largest] = [0, 1]
    try {
      while (performance.now() - began < HOLD_MS) {
        const message = await round.next()
        if (message === undefined) break
        taken += 1
        largest = Math.max(largest, message.content.length)
        yield this.#take(message)
      }
    } finally {
      await round.end()
      for (const message of round.rest) this.#unsettled.add(message)
    }
    this.#window = nextWindow({ wanted, taken, largest, ms: performance.now() - began })
    if (round.rest.length > 0) await this.#giveBack(round.rest)
    else if (taken < wanted) yield* this.#probe()
  }

  /** Acknowledges a message when {@link flush} is called after the round. */
  ack(message: ReceivedMessage): void {
    this.#unsettled.ack(message)
    this.#expected -= 1
  }

  /**
   * Moves a message to the end of the queue: stores a copy, and acknowledges the original. Where the copy is impossible
   * or the queue is full, the message is held unsettled until the end of the pass, so that the pass does not read it
   * twice.
   *
   * @throws {@link PublishError} the copy was not confirmed for another reason
   */
  async putBehind(message: ReceivedMessage): Promise<void> {
    try {
      await this.#options.storeCopy(message)
    } catch (error) {
      if (!isRefused(error)) throw error
      this.#unsettled.hold(message)
      return
    }
    this.#expected += 1
    this.ack(message)
  }

  /**
   * Sends the acks (`basic.ack`).
   *
   * @throws {@link ConnectionError} the channel has ended
   */
  async flush(): Promise<void> {
    await this.#unsettled.flush()
  }

  /**
   * Gives the unsettled messages back in the order in which they were taken (`basic.nack(requeue=true)`). Resolves when
   * the broker counts them again, which a quorum queue does a moment after it has answered. So the next reader of the
   * queue finds them all.
   *
   * @throws {@link PublishError} a message that came back too often could not be copied to the end; it is still in the
   *   queue
   */
  async end(): Promise<void> {
    this.signal.throwIfAborted()
    const { messages } = this.#unsettled
    const renewing = messages.some(hasComeBackOften) ? this.#renew(messages) : Promise.resolve()
    const [renewed] = await Promise.allSettled([renewing])
    await this.flush()
    if (this.#unsettled.giveBackAll()) await this.#whenBack()
    if (renewed.status === 'rejected') throw renewed.reason
  }

  /**
   * Looks for one more message with `basic.get`, after a round that got fewer than it asked for: another consumer takes
   * messages too, or the broker is slow.
   */
  async *#probe(): AsyncGenerator<ReceivedMessage, void, undefined> {
    const message = await this.#options.channel.get(this.#options.queue)
    if (message === undefined) this.#left = 0
    else yield this.#take(message)
  }

  #take(message: ReceivedMessage): ReceivedMessage {
    this.#left -= 1
    this.#unsettled.add(message)
    return message
  }

  /**
   * Gives messages back. If one of them came back too often, all are copied to the end instead, so that their order
   * stays.
   */
  async #giveBack(messages: readonly ReceivedMessage[]): Promise<void> {
    if (messages.some(hasComeBackOften)) await this.#renew(messages)
    else this.#unsettled.giveBack(messages)
  }

  async #renew(messages: readonly ReceivedMessage[]): Promise<void> {
    for (let first = 0; first < messages.length; first += MOST_IN_HAND) {
      const some = messages.slice(first, first + MOST_IN_HAND).map(async (message) => await this.putBehind(message))
      const settled = await Promise.allSettled(some)
      for (const result of settled) if (result.status === 'rejected') throw result.reason
    }
  }

  /**
   * Waits until the broker counts the messages again, for half a second at most where another consumer takes messages
   * too.
   */
  async #whenBack(): Promise<void> {
    const { channel, queue } = this.#options
    for (let look = 1; look <= LOOKS; look += 1) {
      if ((await channel.checkQueue(queue)).messageCount >= this.#expected) return
      await sleep(LOOK_EVERY_MS, this.signal)
    }
  }
}

/** The most messages that a round takes. As many may be delivered twice when a pass is interrupted. */
const MOST_IN_HAND = 32
/** The most bytes of content that a round takes, estimated by the largest message of the round before. */
const BYTES_IN_HAND = 16 * 1024 * 1024
/** The intended duration of a round. Its messages are settled when it ends. */
export const ROUND_MS = 100
/**
 * Time after which a round takes no more messages, and gives back those that it has not processed. RabbitMQ closes a
 * channel that leaves a message unsettled for half an hour.
 */
const HOLD_MS = 10_000
/**
 * How often a message is given back before it is copied instead. RabbitMQ before 4.3 counts each return, and drops a
 * message that exceeds its queue's delivery limit, which an operator may have set.
 */
const GIVEN_BACK_AT_MOST = 3
/** How often, and at what interval, {@link QueuePass.end} looks whether the returned messages are counted again. */
const LOOKS = 20
const LOOK_EVERY_MS = 25

/** Options of {@link QueuePass}. */
export interface QueuePassOptions {
  readonly channel: Channel
  readonly queue: string
  /** Stores a copy of the message at the end of the queue, and resolves when the broker has confirmed it. */
  storeCopy(message: ReceivedMessage): Promise<void>
}

/** The result of a round. */
interface RoundEnded {
  readonly wanted: number
  readonly taken: number
  /** Bytes of the largest content. */
  readonly largest: number
  readonly ms: number
}

/**
 * Computes how many messages the next round takes: at most twice as many as this one asked for, because the next
 * messages may be larger.
 */
function nextWindow({ wanted, taken, largest, ms }: RoundEnded): number {
  const inTime = ms > ROUND_MS ? (taken * ROUND_MS) / ms : 2 * wanted
  return Math.max(1, Math.floor(Math.min(inTime, MOST_IN_HAND, BYTES_IN_HAND / largest)))
}

/** Whether a copy is impossible: the message does not fit, or its queue is full. */
function isRefused(error: unknown): boolean {
  if (!(error instanceof PublishError)) return false
  return error.outcome === 'refused' || (error.outcome === 'not-sent' && !error.retryable)
}

function hasComeBackOften(message: ReceivedMessage): boolean {
  return (readFailedDeliveries(message) ?? 0) >= GIVEN_BACK_AT_MOST
}
