import { setMaxListeners } from 'node:events'
import type { Channel } from '../../amqp/channel.js'
import { type DenseItem, DenseSet } from '../../collections/dense-set.js'
import type { LeveretError } from '../../errors/leveret-error.js'
import type { ReceivedMessage } from '../../message/message.js'
import { Acks } from './acks.js'
import { fingerprintOf, type ReturnMemory } from './return-memory.js'
import type { ReportedDelivery } from './role-events.js'

/** The channel of one subscription. It alone settles its deliveries, and it aborts their attempts when it ends. */
export class DeliveryChannel {
  readonly acks: Acks
  readonly #channel: Channel
  readonly #options: DeliveryChannelOptions
  readonly #end = new AbortController()
  readonly #closing = new AbortController()
  readonly #inFlight = new DenseSet<Held>()
  /**
   * Fingerprints of the last long-running deliveries that were acknowledged. The broker may not have read the last
   * acks, at most as many as the prefetch: it sends no more deliveries than that without an ack.
   */
  readonly #doubtful: string[] = []
  #reading: Promise<void> | undefined

  constructor(channel: Channel, options: DeliveryChannelOptions) {
    this.#channel = channel
    this.#options = options
    this.acks = new Acks(channel, options.prefetch)
    setMaxListeners(0, this.signal, this.closing)
    channel.signal.addEventListener('abort', () => this.#lost(channel.signal.reason), { once: true })
  }

  get queue(): string {
    return this.#options.queue
  }

  /** Aborted when the deliveries no longer count: the channel has ended, or the time of `close` is up. */
  get signal(): AbortSignal {
    return this.#end.signal
  }

  /** Aborted when `close` has begun: a delivery that waits for something that may never come is given back. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /** Whether deliveries can still be settled. */
  get isOpen(): boolean {
    return this.#channel.isOpen
  }

  /** Whether no delivery of it is being handled. */
  get isIdle(): boolean {
    return this.#inFlight.size === 0
  }

  /** Begins `close`: sends the acks so far, and gathers later ones for longer. */
  beginClosing(reason: Error, gatherMs: number): void {
    this.acks.flush()
    this.acks.gather(gatherMs)
    this.#closing.abort(reason)
  }

  /** Ends the time of `close`: aborts the running handlers, and their deliveries go back to the queue. */
  giveUp(reason: Error): void {
    this.#abort('closing', reason)
  }

  awaitsClose(delivery: Held): void {
    this.#options.awaitsClose(delivery)
  }

  copyRefused(delivery: Held, error: LeveretError): void {
    this.#options.copyRefused(delivery, error)
  }

  /** Tracks a delivery: it will be aborted when the channel ends. */
  begin(delivery: Held): void {
    const { signal } = this.#end
    if (signal.aborted) delivery.abort(this.isOpen ? 'closing' : 'lost', signal.reason)
    else this.#inFlight.add(delivery)
  }

  /** Stops tracking a delivery. */
  finish(delivery: Held): void {
    this.#inFlight.delete(delivery)
  }

  /**
   * Sends `basic.ack`, gathered with others. @returns `false` when the channel has ended: the broker delivers the
   * message again
   */
  ack(message: ReceivedMessage): boolean {
    return this.acks.ack(message)
  }

  /** Sends `basic.ack` like {@link ack}, without gathering. */
  ackNow(message: ReceivedMessage): boolean {
    return this.acks.ackNow(message)
  }

  /** Sends `basic.ack`, and resolves when the broker has processed it. @returns `false` when the channel ended first */
  async ackAndWait(message: ReceivedMessage): Promise<boolean> {
    if (!this.ack(message)) return false
    await this.acks.whenReleased()
    // A round trip that is under way began before this ack, so its reply does not cover it.
    await this.#reading
    this.#reading ??= this.#read()
    await this.#reading
    return this.#channel.isOpen
  }

  /**
   * Resolves when the broker has processed every earlier ack and nack. It answers commands in order, so the reply to
   * this `basic.qos` proves it.
   */
  async read(): Promise<void> {
    this.acks.flush()
    await this.#channel.prefetch(this.#options.prefetch)
  }

  /**
   * Remembers that a delivery is done, in case the broker delivers it again: the ack came after the channel ended, or
   * so late that the broker may have closed the connection before.
   */
  rememberDone(message: ReceivedMessage): void {
    const { memory, prefetch } = this.#options
    const fingerprint = memory && fingerprintOf(message)
    if (fingerprint === undefined) return
    if (!this.#channel.isOpen) memory?.noteDone(fingerprint)
    else if (this.#doubtful.push(fingerprint) > prefetch) this.#doubtful.shift()
  }

  /**
   * Sends `basic.nack(requeue=true)` for a delivery that has not begun, or no longer counts.
   * @returns `false` when the channel has ended
   */
  giveBack(message: ReceivedMessage): boolean {
    // Before RabbitMQ 4.3, a quorum queue counts this return like the crash of a process.
    if (this.#channel.isOpen) this.#options.memory?.noteReturn(message)
    return this.acks.settle(message, () => this.#channel.requeue(message))
  }

  /**
   * Sends `basic.reject(requeue=true)`: the broker counts a failed delivery, and may delay the redelivery.
   * @returns `false` when the channel has ended
   */
  requeueFailed(message: ReceivedMessage): boolean {
    return this.acks.settle(message, () => this.#channel.requeueFailed(message))
  }

  /**
   * Sends `basic.reject(requeue=false)`: the message goes to the queue's dead-letter exchange, or is dropped without
   * one.
   * @returns `false` when the channel has ended
   */
  reject(message: ReceivedMessage): boolean {
    return this.acks.settle(message, () => this.#channel.reject(message))
  }

  async #read(): Promise<void> {
    await this.read().catch(() => undefined)
    this.#reading = undefined
  }

  #lost(reason: Error): void {
    const { memory } = this.#options
    if (!this.closing.aborted) memory?.noteLoss(performance.now())
    for (const { message, isAcknowledged } of this.#inFlight) if (!isAcknowledged) memory?.noteReturn(message)
    for (const fingerprint of this.#doubtful) memory?.noteDone(fingerprint)
    this.#abort('lost', reason)
  }

  #abort(how: 'lost' | 'closing', reason: Error): void {
    if (!this.signal.aborted) this.#end.abort(reason)
    for (const delivery of this.#inFlight) delivery.abort(how, reason)
  }
}

/**
 * The reason why an attempt no longer counts:
 * - `lost`: its channel has ended, so the broker delivers the message again
 * - `closing`: the time of `close` is nearly up, so the message goes back to its queue
 * - `late`: its own time is up, so the attempt has failed
 */
export type End = 'lost' | 'closing' | 'late'

/** A delivery that its channel tracks. */
export interface Held extends ReportedDelivery, DenseItem {
  readonly message: ReceivedMessage
  readonly channel: DeliveryChannel
  /** Whether the delivery was acknowledged before it was handled, so that the broker has forgotten it. */
  readonly isAcknowledged: boolean
  abort(how: End, reason: Error): void
}

/** Options of {@link DeliveryChannel}. */
export interface DeliveryChannelOptions {
  /** The queue of the deliveries. */
  readonly queue: string
  /** The most deliveries that the channel may hold unsettled. */
  readonly prefetch: number
  /** Remembers which deliveries went back to the queue; `undefined` where that is not needed, as for a stream. */
  readonly memory: ReturnMemory | undefined
  /** Reports that the handler of a delivery waits for a `close`. */
  awaitsClose(delivery: Held): void
  /** Reports that the broker refused the copy of a delivery for the first time. The copy is tried again. */
  copyRefused(delivery: Held, error: LeveretError): void
}
