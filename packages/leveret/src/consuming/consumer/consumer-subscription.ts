import { randomUUID } from 'node:crypto'
import type { Channel } from '../../amqp/channel.js'
import { sleep } from '../../async/timing.js'
import type { LeveretError } from '../../errors/errors.js'
import type { ReceivedMessage } from '../../message/message.js'
import { Life, type LifeOptions } from '../delivery/delivery-channel.js'
import type { Reading } from '../delivery/stream-position.js'
import type { Intake } from './intake.js'

const STEP_TIMEOUT_MS = 5_000
/**
 * A consumer is cancelled before its queue is gone. RabbitMQ 4.3.6 closes the channel (404), or the whole connection (541), over what
 * asks for the queue in that moment (measured: 17 of 25 deletions).
 */
const CANCELLED_PAUSE_MS = 250

/** What a subscription is made of. */
export interface SubscriptionOptions extends LifeOptions {
  readonly priority?: number | undefined
  /** Nobody else may consume the queue, a second consumer of its own among them. */
  readonly exclusive: boolean
  /** Of a stream: where the next consumer begins. */
  readonly reading: Reading | undefined
  delivered(message: ReceivedMessage, life: Life): void
  /** The broker cancelled the consumer: its tag cannot be used again. */
  cancelled(): void
}

/** The consumer on one channel. Its intake may change; RabbitMQ sets a prefetch for new consumers only, so a change is a new one. */
export class Subscription {
  readonly life: Life
  readonly #channel: Channel
  readonly #options: SubscriptionOptions
  #queue: string
  #tag: string | undefined
  #wanted: Intake = 'none'
  #actual: Intake = 'none'
  /** A fresh consumer is to take the place of the one that there is. */
  #isUsedUp = false
  #changing: Promise<void> | undefined
  #lastTag = 0

  constructor(channel: Channel, options: SubscriptionOptions) {
    this.#channel = channel
    this.#options = options
    this.#queue = options.queue
    this.life = new Life(channel, options)
  }

  /** How many deliveries the broker lets it hold now. */
  get places(): number {
    return this.#actual === 'one' ? 1 : this.#options.prefetch
  }

  /** Resolves when the broker does as wanted last. Rejects when the channel failed over it. */
  take(wanted: Intake): Promise<void> {
    // Where one at a time is all there is, there is nothing to change.
    this.#wanted = wanted === 'one' && this.#options.prefetch === 1 ? 'all' : wanted
    this.#changing ??= this.#change().finally(() => {
      this.#changing = undefined
    })
    return this.#changing
  }

  /** Like {@link take}, for a channel that is in use: should it fail, it is closed, and a fresh one follows. */
  async change(wanted: Intake): Promise<void> {
    await this.#orClose(this.take(wanted))
  }

  /** Replaces the consumer by a fresh one, for which nothing counts that is in hand. */
  async renew(): Promise<void> {
    this.#isUsedUp = true
    await this.change(this.#wanted)
  }

  /**
   * Consumes again after the broker has cancelled the consumer. The deliveries of the former one can still be settled: RabbitMQ 4.3
   * takes back only the one whose ack took too long (measured on 4.3.6). Acks are held back meanwhile.
   *
   * @param prepare - makes sure that the queue exists. @returns its name
   */
  async consumeAgain(prepare: () => Promise<string>): Promise<void> {
    await this.#orClose(this.#consumeAgain(prepare))
  }

  /** Resolves when the broker has read all that was settled before. */
  async read(): Promise<void> {
    await this.life.read()
  }

  async #consumeAgain(prepare: () => Promise<string>): Promise<void> {
    await this.#changing
    const { acks, closing } = this.life
    const former = this.#tag
    this.#tag = undefined
    this.#actual = 'none'
    // RabbitMQ 4.3.6 delivers to a consumer that it has cancelled over a late ack, as soon as that ack comes.
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
    return this.#wanted === 'all' && !this.#isUsedUp && !this.life.acks.hasSettled(this.#lastTag)
  }

  async #consume(intake: Intake): Promise<void> {
    const { prefetch, priority, exclusive, reading, cancelled } = this.#options
    const tag = `leveret-${randomUUID()}`
    this.#tag = tag
    this.#actual = intake
    this.#isUsedUp = false
    await this.#channel.prefetch(intake === 'one' ? 1 : prefetch)
    const onDelivery = (message: ReceivedMessage | undefined): void => {
      if (message !== undefined) this.#receive(message)
      else if (this.#tag === tag) cancelled()
    }
    await this.#channel.consume(this.#queue, tag, onDelivery, { priority, exclusive, offset: reading?.offset })
  }

  #receive(message: ReceivedMessage): void {
    this.#lastTag = message.fields.deliveryTag
    this.#options.delivered(message, this.life)
  }

  /**
   * The queue is never without a consumer meanwhile: it might go with its last one. Nor is it ever with two that can be served,
   * because which of them is first, and so the order, would be chance: the former one keeps the delivery that fills it.
   */
  async #widen(former: string): Promise<void> {
    this.life.acks.hold()
    try {
      await this.#consume('all')
      await this.#channel.cancel(former)
    } finally {
      this.life.acks.release()
    }
  }

  async #cancel(tag: string): Promise<void> {
    await this.#channel.cancel(tag)
    this.#tag = undefined
    this.#actual = 'none'
  }
}
