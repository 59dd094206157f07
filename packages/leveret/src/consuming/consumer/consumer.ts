import type { Channel } from '../../amqp/channel.js'
import { InHand } from '../../async/in-flight-count.js'
import { andThen } from '../../async/maybe-promise.js'
import { atMost } from '../../async/timing.js'
import { LastingChannel } from '../../connection/recovering-channel.js'
import { ClosedError, ConnectionError, type LeveretError } from '../../errors/errors.js'
import type { ReceivedMessage } from '../../message/message.js'
import type { Held, Life } from '../delivery/delivery-channel.js'
import type { ConsumerOptions } from './consumer-options.js'
import { Subscription } from './consumer-subscription.js'
import { HeldUp } from './held-up.js'
import { type Gate, type Intake, intakeOf, slotsOf } from './intake.js'
import { Isolation } from './isolation.js'

/** How long before its time is up `close` aborts handlers, so that they can notice. */
const ABORT_GRACE_MS = 1_000
const CANCEL_TIMEOUT_MS = 5_000
/** While closing, acks wait so long for others: no delivery waits for them any more. */
const CLOSING_GATHER_MS = 100
/** What is left for closing the channel when the time is up. */
const LAST_STEP_MS = 500

/** Consumes one queue, on a channel of its own, for ever: however the subscription ends, a fresh one follows. */
export class Consumer {
  readonly #options: ConsumerOptions
  readonly #channel: LastingChannel
  readonly #inHand = new InHand()
  readonly #heldUp: HeldUp
  /** Those whose handlers wait for a `close`. */
  readonly #closers = new Set<Held>()
  readonly #isolation: Isolation
  #subscription: Subscription | undefined
  #gate: Gate = 'open'
  #closing = false
  #isCancelled = false
  #lastDeliveryAt: Date | undefined
  #onAttached: { resolve: () => void; reject: (reason: Error) => void } | undefined

  constructor(options: ConsumerOptions) {
    this.#options = options
    const { prefetch, isSingleActive, keepsConsuming, reading } = options
    this.#heldUp = new HeldUp(prefetch, !isSingleActive && !keepsConsuming && reading === undefined)
    this.#isolation = new Isolation({
      ...options,
      changed: () => this.#steer(),
      read: async () => await this.#subscription?.read(),
    })
    this.#channel = new LastingChannel({
      lane: options.lane,
      purpose: options.name,
      kind: 'plain',
      setUp: (channel, signal) => this.#subscribe(channel, signal),
      opened: () => this.#attached(),
      lost: (reason) => this.#lost(reason),
      failed: (reason) => this.#failed(reason),
      isFinal: (reason) => this.#isRefusedAtStart(reason),
    })
  }

  get isAttached(): boolean {
    return this.#channel.current?.isOpen === true && this.#gate !== 'shut' && !this.#isCancelled
  }

  /** Deliveries that are handled and cannot be settled, because their copy is refused or can never be stored. */
  get heldUp(): HeldUp {
    return this.#heldUp
  }

  get lastDeliveryAt(): Date | undefined {
    return this.#lastDeliveryAt
  }

  /** Resolves when it is attached for the first time, or closed before. Rejects when it is refused for good; tries on otherwise. */
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

  /** A delivery is handled and stays unacknowledged, for ever unless it is named. It is to take no place from others. */
  holdUp(delivery?: Held): void {
    const need = this.#heldUp.add(this.#subscription?.places ?? 1, delivery)
    if (need === 'a fresh consumer' && !this.#closing) void this.#subscription?.renew()
    if (need === 'room') this.#options.full(this.#heldUp.count)
  }

  /** Resolves when every delivery has ended but those whose handlers wait for a `close`. */
  async whenOthersEnded(): Promise<void> {
    await this.#inHand.whenAtMost(() => this.#closers.size)
  }

  /** Takes no more, gives back what has not begun, waits for the rest, then closes. Never rejects. */
  async close(timeoutMs: number): Promise<void> {
    const { name, leftRunning } = this.#options
    const deadline = performance.now() + timeoutMs
    const left = (): number => Math.max(deadline - performance.now(), 0)
    this.#closing = true
    this.#limitSlots()
    this.#channel.stop()
    // What a set-up has brought already is settled on its channel.
    if (this.#inHand.size > 0) await atMost(Math.min(timeoutMs, CANCEL_TIMEOUT_MS), this.#channel.whenSetUp())
    this.#startEnded()
    const life = this.#subscription?.life
    // What was acknowledged so far goes out before the cancel, and is done when that is answered.
    life?.beginClosing(new ClosedError(`The consumer of '${name}' is closing`), CLOSING_GATHER_MS)
    this.#isolation.close()
    await this.#stopTaking(left, life)
    await atMost(Math.max(left() - ABORT_GRACE_MS, 0), this.#inHand.whenEmpty())
    life?.giveUp(new ClosedError(`The consumer of '${name}' is closing and its time is up`))
    if (this.#inHand.size > 0) await atMost(left(), this.#inHand.whenEmpty())
    if (this.#inHand.size > 0) leftRunning(this.#inHand.size)
    life?.acks.flush()
    await this.#channel.close(Math.max(left(), LAST_STEP_MS))
  }

  async #stopTaking(left: () => number, life: Life | undefined): Promise<void> {
    const { slots, isSingleActive } = this.#options
    if (isSingleActive) {
      // A cancel hands the queue over while handlers still run here, and only the end of the channel gives back in order.
      const handled = this.#inHand.whenAtMost(() => slots.waiting)
      await atMost(Math.max(left() - ABORT_GRACE_MS, 0), handled)
      life?.acks.flush()
      life?.acks.hold()
    } else {
      await atMost(Math.min(left(), CANCEL_TIMEOUT_MS), this.#steer())
    }
    // Only after cancel-ok: before it, the broker would deliver what comes back to this very consumer.
    slots.close()
  }

  async #subscribe(channel: Channel, signal: AbortSignal): Promise<void> {
    const { prepare, copyRefused } = this.#options
    const queue = await prepare(channel, signal)
    const subscription = new Subscription(channel, {
      ...this.#options,
      queue,
      delivered: (message, life) => this.#onDelivery(message, life),
      cancelled: () => void this.#onServerCancel(channel, subscription, signal),
      awaitsClose: (delivery) => this.#awaitsClose(delivery),
      copyRefused: (delivery, error) => {
        // Its handler has ended: it endangers nobody any more.
        this.#isolation.ended(delivery)
        this.holdUp(delivery)
        copyRefused(delivery, error)
      },
    })
    this.#subscription = subscription
    this.#isolation.restart()
    this.#limitSlots()
    await subscription.take(this.#intake())
  }

  #onDelivery(message: ReceivedMessage, life: Life): void {
    const { reading, receive, process } = this.#options
    this.#lastDeliveryAt = new Date()
    this.#startEnded()
    if (reading?.receive(message) === false) return void life.ack(message)
    this.#inHand.begin()
    const delivery = receive(message, life)
    const admitted = this.#isolation.admit(delivery)
    void andThen(admitted, () => andThen(process(delivery), () => this.#ended(delivery)))
  }

  #ended(delivery: Held): void {
    this.#heldUp.remove(delivery)
    this.#closers.delete(delivery)
    this.#inHand.end()
    this.#isolation.ended(delivery)
  }

  #awaitsClose(delivery: Held): void {
    this.#closers.add(delivery)
    this.#inHand.check()
  }

  #intake(): Intake {
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

  async #onServerCancel(channel: Channel, subscription: Subscription, signal: AbortSignal): Promise<void> {
    if (this.#closing) return
    const { name, keepsConsuming, reading, slots, cancelled, prepare, attached } = this.#options
    const reason = new ConnectionError('cancelled', `The broker cancelled the consumer of '${name}'`)
    this.#isCancelled = true
    cancelled(reason)
    // The queue is gone with all that it held, or the reader of a stream has to find out where it is.
    if (keepsConsuming || reading !== undefined) return await channel.close(CANCEL_TIMEOUT_MS, reason)
    await subscription.consumeAgain(async () => {
      // What has not begun would wait for so long again.
      slots.giveBack()
      return await prepare(channel, signal)
    })
    this.#isCancelled = false
    if (channel.isOpen) attached()
  }

  #attached(): void {
    // What was wanted meanwhile.
    void this.#steer()
    this.#isCancelled = false
    this.#options.attached()
    this.#startEnded()
  }

  #startEnded(): void {
    this.#onAttached?.resolve()
    this.#onAttached = undefined
  }

  #lost(reason: LeveretError): boolean {
    // What has not begun is the broker's again.
    this.#options.slots.giveBack()
    this.#heldUp.clear()
    if (!this.#closing) this.#options.lost(reason)
    return false
  }

  #failed(reason: LeveretError): void {
    this.#options.slots.giveBack()
    this.#options.failed(reason)
    if (this.#isRefusedAtStart(reason)) this.#onAttached?.reject(reason)
  }

  /** A start that is refused is refused at once; what once worked is tried for ever, because somebody may mend it. */
  #isRefusedAtStart(reason: LeveretError): boolean {
    return this.#onAttached !== undefined && !reason.retryable
  }
}
