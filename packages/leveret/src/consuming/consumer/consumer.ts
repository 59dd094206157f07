import type { Channel } from '../../amqp/channel.js'
import { InFlightCount } from '../../async/in-flight-count.js'
import type { CloseTime } from '../../connection/close-time.js'
import { RecoveringChannel } from '../../connection/recovering-channel.js'
import { ClosedError } from '../../errors/closed-error.js'
import { ConnectionError } from '../../errors/connection-error.js'
import type { LeveretError } from '../../errors/leveret-error.js'
import type { ReceivedMessage } from '../../message/message.js'
import type { DeliveryChannel, Held } from '../delivery/delivery-channel.js'
import type { ConsumerOptions } from './consumer-options.js'
import { Subscription } from './consumer-subscription.js'
import { HeldUp } from './held-up.js'
import { type Intake, intakeOf, type PauseState, slotsOf } from './intake.js'
import { Isolation } from './isolation.js'

/** How long before its time is up `close` aborts the handlers, so that they can react. */
const ABORT_GRACE_MS = 1_000
const CANCEL_TIMEOUT_MS = 5_000
/** How long acks are gathered while closing. No new delivery waits for them then. */
const CLOSING_GATHER_MS = 100
/** The least time that is left for closing the channel when the time is up. */
const LAST_STEP_MS = 500

/** Consumes one queue, on a channel of its own, without end: whenever the subscription ends, a new one follows. */
export class Consumer {
  lastDeliveryAt: Date | undefined
  readonly #options: ConsumerOptions
  readonly #channel: RecoveringChannel
  readonly #inFlight = new InFlightCount()
  readonly #heldUp: HeldUp
  /** The deliveries whose handlers wait for a `close`. */
  readonly #closers = new Set<Held>()
  readonly #isolation: Isolation
  #subscription: Subscription | undefined
  /** The last channel, and former ones whose deliveries are still being handled. */
  #channels: readonly DeliveryChannel[] = []
  #gate: PauseState = 'open'
  #closing = false
  #isCancelled = false
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
    this.#channel = new RecoveringChannel({
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

  /** Deliveries that were handled and cannot be settled, because their copy is refused or can never be stored. */
  get heldUp(): HeldUp {
    return this.#heldUp
  }

  /** Resolves when it first consumes, or was closed before. Rejects when it is refused for good; otherwise retries. */
  async start(): Promise<void> {
    const attached = new Promise<void>((resolve, reject) => {
      this.#onAttached = { resolve, reject }
    })
    void this.#channel.run()
    await attached
  }

  /** Pauses or resumes. Resolves when the broker has changed the consumer, if it is connected. Never rejects. */
  async pass(gate: PauseState): Promise<void> {
    this.#gate = gate
    this.#isolation.steering()
    await this.#steer()
  }

  /** Counts a delivery that was handled and cannot be settled: until it is settled, or, unnamed, for this channel. */
  holdUp(delivery?: Held): void {
    const need = this.#heldUp.add(this.#subscription?.places ?? 1, delivery)
    if (need === 'a new consumer' && !this.#closing) void this.#subscription?.renew()
    if (need === 'room') this.#options.full(this.#heldUp.count)
  }

  /** Resolves when every delivery has ended, except those whose handlers wait for a `close`. */
  async whenOthersEnded(): Promise<void> {
    await this.#inFlight.whenAtMost(() => this.#closers.size)
  }

  /** Stops consuming, gives back deliveries that have not begun, waits for the others, then closes. Never rejects. */
  async close(time: CloseTime): Promise<void> {
    this.#closing = true
    this.#limitSlots()
    this.#channel.stop()
    // Deliveries that came while the channel was being set up are settled on it.
    if (this.#inFlight.size > 0) await time.until(() => this.#channel.whenSetUp(), { mostMs: CANCEL_TIMEOUT_MS })
    this.#startEnded()
    const channel = this.#subscription?.channel
    // The acks so far are sent before the basic.cancel, so its reply proves that the broker has processed them.
    channel?.beginClosing(new ClosedError(`The consumer of '${this.#options.name}' is closing`), CLOSING_GATHER_MS)
    this.#isolation.close()
    await this.#stopTaking(time, channel)
    await time.until(() => this.#inFlight.whenEmpty(), { spareMs: ABORT_GRACE_MS })
    const reason = `The consumer of '${this.#options.name}' is closing, and the time limit for closing has passed`
    for (const one of this.#channels) one.giveUp(new ClosedError(reason))
    if (this.#inFlight.size > 0) await time.until(() => this.#inFlight.whenEmpty())
    this.#options.leftRunning(this.#inFlight.size)
    channel?.acks.flush()
    await this.#channel.close(Math.max(time.leftMs, LAST_STEP_MS))
  }

  async #stopTaking(time: CloseTime, channel: DeliveryChannel | undefined): Promise<void> {
    const { slots, isSingleActive } = this.#options
    if (isSingleActive) {
      // basic.cancel would activate another consumer while handlers run; only the channel's end gives back in order.
      await time.until(() => this.#inFlight.whenAtMost(() => slots.waiting), { spareMs: ABORT_GRACE_MS })
      channel?.acks.flush()
      channel?.acks.hold()
    } else {
      await time.until(() => this.#steer(), { mostMs: CANCEL_TIMEOUT_MS })
    }
    // Only after basic.cancel-ok: before it, the broker would deliver the returned messages to this same consumer.
    slots.close()
  }

  async #subscribe(channel: Channel, signal: AbortSignal): Promise<void> {
    const { prepare, copyRefused } = this.#options
    const queue = await prepare(channel, signal)
    const subscription = new Subscription(channel, {
      ...this.#options,
      queue,
      delivered: this.#onDelivery,
      cancelled: () => void this.#onServerCancel(channel, subscription, signal),
      awaitsClose: (delivery) => this.#awaitsClose(delivery),
      copyRefused: (delivery, error) => {
        // Its handler has ended, so it can no longer crash the process.
        this.#isolation.ended(delivery)
        this.holdUp(delivery)
        copyRefused(delivery, error)
      },
    })
    this.#subscription = subscription
    this.#channels = [...this.#channels.filter(({ isIdle }) => !isIdle), subscription.channel]
    this.#isolation.restart()
    this.#limitSlots()
    await subscription.take(this.#intake())
  }

  readonly #onDelivery = (message: ReceivedMessage, channel: DeliveryChannel): void => {
    const { reading, processor, redeliveryPolicy } = this.#options
    this.lastDeliveryAt = new Date()
    if (this.#onAttached !== undefined) this.#startEnded()
    if (reading?.receive(message) === false) return void channel.ack(message)
    this.#inFlight.begin()
    const delivery = processor.receive(message, channel)
    const alone = redeliveryPolicy.isOn ? this.#isolation.admit(delivery) : undefined
    if (alone === undefined) processor.process(delivery, this.#ended)
    else void alone.then(() => processor.process(delivery, this.#ended))
  }

  readonly #ended = (delivery: Held): void => {
    delivery.channel.finish(delivery)
    if (this.#heldUp.count > 0) this.#heldUp.remove(delivery)
    if (this.#closers.size > 0) this.#closers.delete(delivery)
    this.#inFlight.end()
    if (this.#options.redeliveryPolicy.isOn) this.#isolation.ended(delivery)
  }

  #awaitsClose(delivery: Held): void {
    this.#closers.add(delivery)
    this.#inFlight.check()
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
    // A channel that is being set up reads the wanted intake itself.
    if (this.#channel.current !== undefined) await this.#subscription?.change(this.#intake())
  }

  async #onServerCancel(channel: Channel, subscription: Subscription, signal: AbortSignal): Promise<void> {
    if (this.#closing) return
    const { name, keepsConsuming, reading, slots, cancelled, prepare, attached } = this.#options
    const reason = new ConnectionError('cancelled', `The broker cancelled the consumer of '${name}'`)
    this.#isCancelled = true
    cancelled(reason)
    // The queue is gone with its messages; or the reader of a stream has to find its offset again.
    if (keepsConsuming || reading !== undefined) return await channel.close(CANCEL_TIMEOUT_MS, reason)
    await subscription.consumeAgain(async () => {
      // Deliveries that have not begun would otherwise wait for an ack time-out once more.
      slots.giveBack()
      return await prepare(channel, signal)
    })
    this.#isCancelled = false
    if (channel.isOpen) attached()
  }

  #attached(): void {
    // The intake may have changed while the channel was being set up.
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
    // The broker delivers again what has not begun.
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

  /** Whether a refusal ends the start. A consumer that worked before retries without end, as the cause may go. */
  #isRefusedAtStart(reason: LeveretError): boolean {
    return this.#onAttached !== undefined && !reason.retryable
  }
}
