import type { Channel } from '../amqp/channel.js'
import { sleep } from '../async/timing.js'
import { PublishError } from '../errors/errors.js'
import { readFailedDeliveries } from '../headers/attempt-headers.js'
import type { ReceivedMessage } from '../message/message.js'
import { Round } from './round.js'
import { COMMANDS_AT_ONCE, Unsettled } from './unsettled.js'

/** The most messages that a round takes. As many may come twice when a pass is cut off. */
const MOST_IN_HAND = 64
/** The most bytes of content that a round takes, by the largest message of the round before it. */
const BYTES_IN_HAND = 16 * 1024 * 1024
/** How long a round is to last: what it settles is settled at its end. */
export const ROUND_MS = 100
/** When a round lasts for so long, what still waits in hand goes back. RabbitMQ ends a channel that holds a message for half an hour. */
const HOLD_MS = 10_000
/**
 * How often a message is given back. RabbitMQ before 4.3 counts each time, and drops what came back more often than its queue's
 * delivery limit, which an operator may have set.
 */
const GIVEN_BACK_AT_MOST = 3
/** How often, and how long apart, to look whether what went back is there again. */
const LOOKS = 20
const LOOK_EVERY_MS = 25

/** What a sweep needs. */
export interface SweepOptions {
  readonly channel: Channel
  readonly queue: string
  /** Stores a copy of the message at the end of the queue, and resolves when it is confirmed. */
  storeAnew(message: ReceivedMessage): Promise<void>
}

/** How a round went. */
interface RoundEnded {
  readonly wanted: number
  readonly taken: number
  /** Bytes of the largest content. */
  readonly largest: number
  readonly ms: number
}

/**
 * One pass over a queue: it takes as many messages as were there at its start, in rounds, and what is stored anew lies behind
 * them. What has not been settled by its end goes back.
 */
export class Sweep {
  readonly #options: SweepOptions
  readonly #unsettled: Unsettled
  #left: number
  /** As many as are to be there after it, if nobody else adds or takes any. */
  #expected: number
  #window = 1

  private constructor(options: SweepOptions, messageCount: number) {
    this.#options = options
    this.#unsettled = new Unsettled(options.channel, options.queue)
    this.#left = messageCount
    this.#expected = messageCount
  }

  /** @throws {@link BrokerError} there is no such queue; {@link ConnectionError} */
  static async begin(options: SweepOptions): Promise<Sweep> {
    const { messageCount } = await options.channel.checkQueue(options.queue)
    return new Sweep(options, messageCount)
  }

  /** Aborted when the channel has ended, and with it the sweep: then all that is unsettled is the broker's again. */
  get signal(): AbortSignal {
    return this.#options.channel.signal
  }

  /** How many of those that were there at its start have not been taken yet. */
  get left(): number {
    return this.#left
  }

  /**
   * Takes some messages, one after the other. How many depends on how large those of the round before were, and how long it took.
   *
   * @param most - no more than so many
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

  /** Settles a message for good, when {@link flush} is called after the round. */
  ack(message: ReceivedMessage): void {
    this.#unsettled.ack(message)
    this.#expected -= 1
  }

  /**
   * Puts a message behind all others: stores a copy, and settles it. Where there can be no copy of it, or no room for one, it is
   * held until the end, so that it is not met again.
   *
   * @throws {@link PublishError} the copy was not confirmed for another reason
   */
  async putBehind(message: ReceivedMessage): Promise<void> {
    try {
      await this.#options.storeAnew(message)
    } catch (error) {
      if (!isRefused(error)) throw error
      this.#unsettled.hold(message)
      return
    }
    this.#expected += 1
    this.ack(message)
  }

  /**
   * Sends the acks.
   *
   * @throws {@link ConnectionError} the channel has ended
   */
  async flush(): Promise<void> {
    await this.#unsettled.flush()
  }

  /**
   * Gives back what is unsettled, in the order in which it was taken, and resolves when the broker counts it again: a quorum
   * queue does so a moment later than it answers, and whoever looks next is to find everything.
   *
   * @throws {@link PublishError} a message that came back too often could not be stored anew; it is still there
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

  /** Fewer came than were there: somebody else takes some too, or the broker is slow. */
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

  /** All or none are stored anew, so that they stay in order. */
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

  /** Where somebody else takes messages at the same time it waits for half a second at most. */
  async #whenBack(): Promise<void> {
    const { channel, queue } = this.#options
    for (let look = 1; look <= LOOKS; look += 1) {
      if ((await channel.checkQueue(queue)).messageCount >= this.#expected) return
      await sleep(LOOK_EVERY_MS, this.signal)
    }
  }
}

/** It grows slowly, because what comes next may be larger. */
function nextWindow({ wanted, taken, largest, ms }: RoundEnded): number {
  const inTime = ms > ROUND_MS ? (taken * ROUND_MS) / ms : 2 * wanted
  return Math.max(1, Math.floor(Math.min(inTime, MOST_IN_HAND, BYTES_IN_HAND / largest)))
}

/** It does not fit, or its queue is full. */
function isRefused(error: unknown): boolean {
  if (!(error instanceof PublishError)) return false
  return error.outcome === 'refused' || (error.outcome === 'not-sent' && !error.retryable)
}

function hasComeBackOften(message: ReceivedMessage): boolean {
  return (readFailedDeliveries(message) ?? 0) >= GIVEN_BACK_AT_MOST
}
