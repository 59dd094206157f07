import type { Channel } from '../connection/channel.js'
import type { Lane } from '../connection/lane.js'
import { LastingChannel } from '../connection/lasting-channel.js'
import type { ReceivedMessage } from '../connection/message.js'
import { ClosedError, ConnectionError, type LeveretError } from '../errors.js'
import { InHand } from '../in-hand.js'
import { andThen, type Soon } from '../soon.js'
import { atMost } from '../timing.js'
import { isRefusedForGood } from '../topology/declare.js'
import { type Gate, intakeOf, slotsOf } from './intake.js'
import { Isolation } from './isolation.js'
import type { Life } from './life.js'
import type { Reading } from './reading.js'
import type { Slots } from './slots.js'
import { Subscription } from './subscription.js'
import type { Suspicion } from './suspicion.js'

/** How long before its time is up `close` aborts handlers, so that they can notice. */
const ABORT_GRACE_MS = 1_000
const CANCEL_TIMEOUT_MS = 5_000
/** While closing, acks wait so long for others: no delivery waits for them any more. */
const CLOSING_GATHER_MS = 100
/** What is left for closing the channel when the time is up. */
const LAST_STEP_MS = 500

/** What a consumer is made of. */
export interface ConsumerOptions {
  readonly lane: Lane
  /** For errors and diagnostics. */
  readonly name: string
  /** Unsettled deliveries that the broker lets it hold. */
  readonly prefetch: number
  /** Deliveries, or batches of them, handled at once. */
  readonly concurrency: number
  /** What is being handled, and what waits for that. */
  readonly slots: Slots
  readonly suspicion: Suspicion
  /** Its queue goes with its last consumer: while it is paused it goes on consuming, and holds what comes. */
  readonly keepsConsuming: boolean
  /** Of a stream. */
  readonly reading: Reading | undefined
  /** Makes sure that the queue exists. Runs before every subscription. @returns its name */
  prepare(channel: Channel, signal: AbortSignal): Promise<string>
  /** Works on one delivery until it is settled or its life has ended. Never throws or rejects. @returns `false` when it did not begin */
  work(message: ReceivedMessage, life: Life): Soon<boolean>
  /** Puts back what did not begin, so that it does not look as if it had come back from a crash. */
  putBack(message: ReceivedMessage, life: Life): Promise<void>
  /** It is handled alone. */
  isolated(message: ReceivedMessage): void
  /** The broker cancelled the consumer: the queue was deleted, or its node was lost, or an ack took too long. */
  cancelled(): void
  attached(): void
  lost(reason: LeveretError): void
  failed(reason: LeveretError): void
}

/** Consumes one queue, on a channel of its own, for ever: however the subscription ends, a fresh one follows. */
export class Consumer {
  readonly #options: ConsumerOptions
  readonly #channel: LastingChannel
  readonly #inHand = new InHand()
  #subscription: Subscription | undefined
  readonly #isolation: Isolation
  #gate: Gate = 'open'
  #closing = false
  #cancelled = false
  #lastDeliveryAt: Date | undefined
  #onAttached: { resolve: () => void; reject: (reason: Error) => void } | undefined

  constructor(options: ConsumerOptions) {
    this.#options = options
    this.#isolation = new Isolation({
      ...options,
      inHand: this.#inHand,
      changed: () => this.#steer(),
      told: async () => await this.#subscription?.told(),
    })
    this.#channel = new LastingChannel({
      lane: options.lane,
      purpose: options.name,
      kind: 'plain',
      setUp: (channel, signal) => this.#subscribe(channel, signal),
      opened: () => this.#attached(),
      lost: (reason) => this.#lost(reason),
      failed: (reason) => this.#failed(reason),
      isFinal: (reason) => this.#isFinal(reason),
    })
  }

  get isAttached(): boolean {
    return this.#channel.current?.isOpen === true && this.#gate !== 'shut'
  }

  get lastDeliveryAt(): Date | undefined {
    return this.#lastDeliveryAt
  }

  /** Resolves when it is attached for the first time. Rejects when it is refused for good; tries on otherwise. */
  async start(): Promise<void> {
    const attached = new Promise<void>((resolve, reject) => {
      this.#onAttached = { resolve, reject }
    })
    void this.#channel.run()
    await attached
  }

  /** Resolves when the broker knows, if there is one to tell. Never rejects. */
  async pass(gate: Gate): Promise<void> {
    this.#gate = gate
    this.#isolation.steering()
    await this.#steer()
  }

  /** Takes no more, gives back what has not begun, waits for the rest, then closes. Never rejects. */
  async close(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs
    const life = this.#subscription?.life
    this.#closing = true
    // What was acknowledged so far goes out before the cancel, and is done when that is answered.
    life?.flush()
    life?.gather(CLOSING_GATHER_MS)
    this.#onAttached?.reject(
      new ClosedError(`The consumer of '${this.#options.name}' was closed before it was attached`),
    )
    this.#channel.stop()
    await atMost(Math.min(timeoutMs, CANCEL_TIMEOUT_MS), this.#steer())
    // Only after cancel-ok: before it, the broker would deliver what comes back to this very consumer.
    this.#isolation.close()
    this.#options.slots.close()
    const left = (): number => Math.max(deadline - performance.now(), 0)
    await atMost(Math.max(left() - ABORT_GRACE_MS, 0), this.#inHand.whenEmpty())
    life?.end(new ClosedError(`The consumer of '${this.#options.name}' is closing and its time is up`))
    if (this.#inHand.size > 0) await atMost(left(), this.#inHand.whenEmpty())
    life?.flush()
    await this.#channel.close(Math.max(left(), LAST_STEP_MS))
  }

  async #subscribe(channel: Channel, signal: AbortSignal): Promise<void> {
    const { prefetch, reading } = this.#options
    const queue = await this.#options.prepare(channel, signal)
    const subscription = new Subscription(channel, {
      queue,
      prefetch,
      reading,
      delivered: (message, life) => this.#onDelivery(message, life),
      cancelled: () => this.#onServerCancel(channel),
    })
    this.#subscription = subscription
    this.#isolation.restart()
    this.#limitSlots()
    await subscription.take(this.#intake())
  }

  #onDelivery(message: ReceivedMessage, life: Life): void {
    this.#lastDeliveryAt = new Date()
    if (this.#options.reading?.receive(message) === false) return void life.ack(message)
    this.#inHand.begin()
    const admitted = this.#isolation.admit(message, life)
    void andThen(admitted, () => this.#work(message, life))
  }

  #work(message: ReceivedMessage, life: Life): Soon<void> {
    return andThen(this.#options.work(message, life), (begun) =>
      begun ? this.#ended() : this.#notBegun(message, life),
    )
  }

  async #notBegun(message: ReceivedMessage, life: Life): Promise<void> {
    await this.#giveBack(message, life)
    this.#ended()
  }

  #ended(): void {
    this.#inHand.end()
    this.#isolation.ended()
  }

  async #giveBack(message: ReceivedMessage, life: Life): Promise<void> {
    // It stays in its stream. RabbitMQ 3.10 closes the whole connection over a nack for one (measured).
    if (this.#options.reading !== undefined) return
    // There is no time for copies.
    if (this.#closing) life.requeue(message)
    else await this.#options.putBack(message, life)
  }

  #intake(): ReturnType<typeof intakeOf> {
    if (this.#closing) return 'none'
    return this.#options.keepsConsuming ? 'all' : intakeOf(this.#gate, this.#isolation.stage)
  }

  #limitSlots(): void {
    this.#options.slots.limit(this.#closing ? 0 : slotsOf(this.#gate, this.#isolation.stage, this.#options.concurrency))
  }

  async #steer(): Promise<void> {
    this.#limitSlots()
    // While a channel is being set up, that will do as is wanted now.
    if (this.#channel.current !== undefined) await this.#subscription?.change(this.#intake())
  }

  /** The channel is finished with the consumer: neither it nor its tag can be used again. */
  #onServerCancel(channel: Channel): void {
    if (this.#closing) return
    this.#cancelled = true
    const reason = new ConnectionError('cancelled', `The broker cancelled the consumer of '${this.#options.name}'`)
    void channel.close(CANCEL_TIMEOUT_MS, reason)
  }

  #attached(): void {
    // What was wanted meanwhile.
    void this.#steer()
    this.#options.attached()
    this.#onAttached?.resolve()
    this.#onAttached = undefined
  }

  #lost(reason: LeveretError): boolean {
    // What has not begun is the broker's again.
    this.#options.slots.giveBack()
    if (this.#cancelled) this.#options.cancelled()
    this.#cancelled = false
    if (!this.#closing) this.#options.lost(reason)
    return false
  }

  #failed(reason: LeveretError): void {
    this.#options.slots.giveBack()
    this.#options.failed(reason)
    if (this.#isFinal(reason)) this.#onAttached?.reject(reason)
  }

  /** Rights may be given back to what once worked; a start that is refused is refused at once. */
  #isFinal(reason: LeveretError): boolean {
    return isRefusedForGood(reason) || (this.#onAttached !== undefined && !reason.retryable)
  }
}
