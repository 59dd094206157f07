import { randomUUID } from 'node:crypto'
import type { Channel } from '../../amqp/channel.js'
import { sleep } from '../../async/timing.js'
import type { LeveretError } from '../../errors/leveret-error.js'
import type { ReceivedMessage } from '../../message/message.js'
import { DeliveryChannel, type DeliveryChannelOptions } from '../delivery/delivery-channel.js'
import type { StreamPosition } from '../delivery/stream-position.js'
import type { Intake } from './intake.js'

const STEP_TIMEOUT_MS = 5_000
/**
 * Pause before consuming again after a cancel. The broker cancels a consumer before its queue is gone, and RabbitMQ
 * 4.3.6 closes the channel (404), or the whole connection (541), when a command names the queue in that moment
 * (measured: 17 of 25 deletions).
 */
const CANCELLED_PAUSE_MS = 250

/**
 * Consumes a queue on one channel, with an intake that may change. RabbitMQ applies a prefetch to new consumers only,
 * so each change of the intake makes a new consumer.
 */
export class Subscription {
  readonly channel: DeliveryChannel
  readonly #channel: Channel
  readonly #options: SubscriptionOptions
  #queue: string
  #tag: string | undefined
  #wanted: Intake = 'none'
  #actual: Intake = 'none'
  /** Whether the current consumer must be replaced by a new one. */
  #isUsedUp = false
  #changing: Promise<void> | undefined
  #lastTag = 0

  constructor(channel: Channel, options: SubscriptionOptions) {
    this.#channel = channel
    this.#options = options
    this.#queue = options.queue
    this.channel = new DeliveryChannel(channel, options)
  }

  /** How many deliveries the broker lets this consumer hold now. */
  get places(): number {
    return this.#actual === 'one' ? 1 : this.#options.prefetch
  }

  /** Sets the intake. Resolves when the broker delivers accordingly. Rejects when the channel failed meanwhile. */
  take(wanted: Intake): Promise<void> {
    // With a prefetch of 1, the intakes `one` and `all` are the same.
    this.#wanted = wanted === 'one' && this.#options.prefetch === 1 ? 'all' : wanted
    this.#changing ??= this.#change().finally(() => {
      this.#changing = undefined
    })
    return this.#changing
  }

  /**
   * Sets the intake like {@link take}, on a channel in use: if that fails, the channel is closed, and a new one
   * follows.
   */
  async change(wanted: Intake): Promise<void> {
    await this.#orClose(this.take(wanted))
  }

  /** Replaces the consumer by a new one, whose prefetch does not count the deliveries held now. */
  async renew(): Promise<void> {
    this.#isUsedUp = true
    await this.change(this.#wanted)
  }

  /**
   * Consumes again after the broker has cancelled the consumer. The deliveries of the cancelled one can still be
   * settled: RabbitMQ 4.3 takes back only the delivery whose ack took too long (measured on 4.3.6). Acks are held back
   * meanwhile.
   *
   * @param prepare - makes sure that the queue exists. @returns the name of the queue
   */
  async consumeAgain(prepare: () => Promise<string>): Promise<void> {
    await this.#orClose(this.#consumeAgain(prepare))
  }

  /** Resolves when the broker has processed every earlier ack and nack. */
  async read(): Promise<void> {
    await this.channel.read()
  }

  async #consumeAgain(prepare: () => Promise<string>): Promise<void> {
    await this.#changing
    const { acks, closing } = this.channel
    const former = this.#tag
    this.#tag = undefined
    this.#actual = 'none'
    // When the late ack arrives, RabbitMQ 4.3.6 delivers another message to the consumer that it has cancelled over it.
    acks.hold()
    try {
      await sleep(CANCELLED_PAUSE_MS, AbortSignal.any([this.#channel.signal, closing])).catch(() => undefined)
      if (closing.aborted) return
      if (former !== undefined) await this.#channel.cancel(former)
      this.#queue = await prepare()
      await this.take(this.#wanted)
    } finally {
      acks.release()
    }
  }

  async #orClose(step: Promise<void>): Promise<void> {
    await step.catch((reason: LeveretError) => this.#channel.close(STEP_TIMEOUT_MS, reason))
  }

  async #change(): Promise<void> {
    while (this.#actual !== this.#wanted || (this.#isUsedUp && this.#actual !== 'none')) {
      const former = this.#tag
      if (former === undefined) await this.#consume(this.#wanted)
      else if (this.#canWiden()) await this.#widen(former)
      else await this.#cancel(former)
    }
  }

  #canWiden(): boolean {
    if (this.#options.exclusive) return false
    return this.#wanted === 'all' && !this.#isUsedUp && !this.channel.acks.hasSettled(this.#lastTag)
  }

  async #consume(intake: Intake): Promise<void> {
    const { prefetch, priority, exclusive, reading, cancelled, delivered } = this.#options
    const tag = `leveret-${randomUUID()}`
    this.#tag = tag
    this.#actual = intake
    this.#isUsedUp = false
    await this.#channel.prefetch(intake === 'one' ? 1 : prefetch)
    const onDelivery = (message: ReceivedMessage | undefined): void => {
      if (message === undefined) {
        if (this.#tag === tag) cancelled()
        return
      }
      this.#lastTag = message.fields.deliveryTag
      delivered(message, this.channel)
    }
    await this.#channel.consume(this.#queue, tag, onDelivery, { priority, exclusive, offset: reading?.offset })
  }

  /**
   * Replaces a consumer that takes one delivery at a time by one that takes all. The queue always keeps a consumer,
   * because it may be deleted with its last one. It also never has two consumers with free prefetch, because chance
   * would then decide which of them gets the next message, and so the order: acks are held, so the former consumer's
   * prefetch stays used up.
   */
  async #widen(former: string): Promise<void> {
    this.channel.acks.hold()
    try {
      await this.#consume('all')
      await this.#channel.cancel(former)
    } finally {
      this.channel.acks.release()
    }
  }

  async #cancel(tag: string): Promise<void> {
    await this.#channel.cancel(tag)
    this.#tag = undefined
    this.#actual = 'none'
  }
}

/** Options of {@link Subscription}. */
export interface SubscriptionOptions extends DeliveryChannelOptions {
  readonly priority?: number | undefined
  /** Whether the consumer is exclusive: no other one may consume the queue, not even a second one of this process. */
  readonly exclusive: boolean
  /** The position in a stream, at which the next consumer starts; `undefined` for other queues. */
  readonly reading: StreamPosition | undefined
  readonly delivered: (message: ReceivedMessage, channel: DeliveryChannel) => void
  /** Reports that the broker cancelled the consumer. Its tag cannot be used again. */
  cancelled(): void
}
