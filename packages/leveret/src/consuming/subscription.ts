import { randomUUID } from 'node:crypto'
import type { Channel } from '../connection/channel.js'
import type { ReceivedMessage } from '../connection/message.js'
import type { LeveretError } from '../errors.js'
import { Life } from './life.js'
import type { Reading } from './reading.js'

const STEP_TIMEOUT_MS = 5_000

/** What the broker may deliver: nothing, one at a time, or as many as the prefetch says. */
export type Intake = 'none' | 'one' | 'all'

/** What a subscription is made of. */
export interface SubscriptionOptions {
  readonly queue: string
  readonly prefetch: number
  /** Of a stream: where the next consumer begins. */
  readonly reading: Reading | undefined
  delivered(message: ReceivedMessage, life: Life): void
  /** The broker cancelled the consumer: neither the channel nor its tag can be used again. */
  cancelled(channel: Channel): void
}

/** The consumer on one channel. Its intake may change; RabbitMQ sets a prefetch for new consumers only, so a change is a new one. */
export class Subscription {
  readonly life: Life
  readonly #channel: Channel
  readonly #options: SubscriptionOptions
  #tag: string | undefined
  #wanted: Intake = 'none'
  #actual: Intake = 'none'
  #changing: Promise<void> | undefined
  #lastTag = 0

  constructor(channel: Channel, options: SubscriptionOptions) {
    this.#channel = channel
    this.#options = options
    this.life = new Life(channel, options.prefetch)
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
    await this.take(wanted).catch((reason: LeveretError) => this.#channel.close(STEP_TIMEOUT_MS, reason))
  }

  /** Resolves when the broker has read all that was settled before: it answers in the order in which it is told. */
  async told(): Promise<void> {
    this.life.flush()
    await this.#channel.prefetch(this.#options.prefetch)
  }

  async #change(): Promise<void> {
    while (this.#actual !== this.#wanted) {
      const former = this.#tag
      if (former === undefined) await this.#consume(this.#wanted)
      else if (this.#wanted === 'all' && !this.life.hasSettled(this.#lastTag)) await this.#widen(former)
      else await this.#cancel(former)
    }
  }

  async #consume(intake: Intake): Promise<void> {
    const { queue, prefetch, reading, cancelled } = this.#options
    this.#tag = `leveret-${randomUUID()}`
    this.#actual = intake
    await this.#channel.prefetch(intake === 'one' ? 1 : prefetch)
    const onDelivery = (message: ReceivedMessage | undefined): void => {
      if (message === undefined) cancelled(this.#channel)
      else this.#receive(message)
    }
    await this.#channel.consume(queue, this.#tag, onDelivery, { offset: reading?.offset })
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
    this.life.hold()
    try {
      await this.#consume('all')
      await this.#channel.cancel(former)
    } finally {
      this.life.release()
    }
  }

  async #cancel(tag: string): Promise<void> {
    await this.#channel.cancel(tag)
    this.#tag = undefined
    this.#actual = 'none'
  }
}
