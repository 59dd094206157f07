import { setMaxListeners } from 'node:events'
import type { Channel } from '../../amqp/channel.js'
import { Bag, type Bagged } from '../../collections/dense-set.js'
import type { LeveretError } from '../../errors/errors.js'
import type { ReceivedMessage } from '../../message/message.js'
import { Acks } from './acks.js'
import { fingerprintOf, type ReturnMemory } from './return-memory.js'
import type { ToldDelivery } from './role-events.js'

/**
 * Why an attempt no longer counts:
 * - `lost`: its channel has ended, so the broker delivers the message again
 * - `closing`: the time of `close` is nearly up, so the message goes back to its queue
 * - `late`: its own time is up, so it has failed
 */
export type End = 'lost' | 'closing' | 'late'

/** A delivery that is in hand. */
export interface Held extends ToldDelivery, Bagged {
  readonly message: ReceivedMessage
  /** Whether the broker has forgotten it already. */
  readonly isAcknowledged: boolean
  abort(how: End, reason: Error): void
}

/** What a life is made of. */
export interface LifeOptions {
  /** The queue that its deliveries come from. */
  readonly queue: string
  /** How many deliveries it may hold. */
  readonly prefetch: number
  /** Remembers what goes back to the queue. Without it nothing is remembered, as for a stream. */
  readonly memory: ReturnMemory | undefined
  /** A handler of one of its deliveries waits for a `close`. */
  awaitsClose(delivery: Held): void
  /** The broker has refused the copy of a delivery for the first time. It is tried again. */
  copyRefused(delivery: Held, error: LeveretError): void
}

/** One subscription: the channel that delivers, for as long as its deliveries count. They are settled here and nowhere else. */
export class Life {
  readonly acks: Acks
  readonly #channel: Channel
  readonly #options: LifeOptions
  readonly #end = new AbortController()
  readonly #closing = new AbortController()
  readonly #inHand = new Bag<Held>()
  /** The last acks of what took long, as many as the broker may not have read: it delivers no more than the prefetch without reading one. */
  readonly #doubtful: string[] = []
  #reading: Promise<void> | undefined

  constructor(channel: Channel, options: LifeOptions) {
    this.#channel = channel
    this.#options = options
    this.acks = new Acks(channel, options.prefetch)
    setMaxListeners(0, this.signal, this.closing)
    channel.signal.addEventListener('abort', () => this.#lost(channel.signal.reason), { once: true })
  }

  get queue(): string {
    return this.#options.queue
  }

  /** Aborted when its deliveries no longer count: the channel has died, or the time to close is up. */
  get signal(): AbortSignal {
    return this.#end.signal
  }

  /** Aborted when `close` has begun: what waits for something that may never come is given back. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /** Whether the broker may still be told what became of its deliveries. */
  get isOpen(): boolean {
    return this.#channel.isOpen
  }

  /** `close` has begun: what was acknowledged goes out, and what follows is gathered for longer. */
  beginClosing(reason: Error, gatherMs: number): void {
    this.acks.flush()
    this.acks.gather(gatherMs)
    this.#closing.abort(reason)
  }

  /** The time of `close` is up: handlers that run are aborted, and their deliveries go back. */
  giveUp(reason: Error): void {
    this.#abort('closing', reason)
  }

  awaitsClose(delivery: Held): void {
    this.#options.awaitsClose(delivery)
  }

  copyRefused(delivery: Held, error: LeveretError): void {
    this.#options.copyRefused(delivery, error)
  }

  /** It is in hand: from now on it is aborted when this ends. */
  begin(delivery: Held): void {
    if (this.signal.aborted) delivery.abort(this.isOpen ? 'closing' : 'lost', this.signal.reason)
    else this.#inHand.add(delivery)
  }

  /** It no longer is. */
  finish(delivery: Held): void {
    this.#inHand.delete(delivery)
  }

  /** Sends `basic.ack`, soon. @returns `false` when the channel has ended: the delivery is the broker's again */
  ack(message: ReceivedMessage): boolean {
    return this.acks.ack(message)
  }

  /** The same, without gathering. */
  ackNow(message: ReceivedMessage): boolean {
    return this.acks.ackNow(message)
  }

  /** Acknowledges, and resolves when the broker has read it. @returns `false` when the channel ended first */
  async ackAndWait(message: ReceivedMessage): Promise<boolean> {
    if (!this.ack(message)) return false
    await this.acks.whenReleased()
    // What is being read was settled before this one.
    await this.#reading
    this.#reading ??= this.#read()
    await this.#reading
    return this.#channel.isOpen
  }

  /** Resolves when the broker has read all that was settled before: it answers in the order in which it is told. */
  async read(): Promise<void> {
    this.acks.flush()
    await this.#channel.prefetch(this.#options.prefetch)
  }

  /**
   * Remembers that the work on a delivery is done, in case that the broker delivers it again: its ack came too late, or is so late that
   * the broker may have given the channel up.
   */
  rememberDone(message: ReceivedMessage): void {
    const { memory, prefetch } = this.#options
    const fingerprint = memory && fingerprintOf(message)
    if (fingerprint === undefined) return
    if (!this.#channel.isOpen) memory?.noteDone(fingerprint)
    else if (this.#doubtful.push(fingerprint) > prefetch) this.#doubtful.shift()
  }

  /** Sends `basic.nack(requeue=true)` for what has not begun, or does not count. @returns `false` when the channel has ended */
  giveBack(message: ReceivedMessage): boolean {
    // Before RabbitMQ 4.3 a quorum queue counts it like the end of a process.
    if (this.#channel.isOpen) this.#options.memory?.noteReturn(message)
    return this.acks.settle(message, () => this.#channel.requeue(message))
  }

  /** Gives it back as failed, for the broker to count and to hold back. @returns `false` when the channel has ended */
  requeueFailed(message: ReceivedMessage): boolean {
    return this.acks.settle(message, () => this.#channel.requeueFailed(message))
  }

  /** To the queue's own dead-letter exchange, or away when it has none. @returns `false` when the channel has ended */
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
    for (const { message, isAcknowledged } of this.#inHand) if (!isAcknowledged) memory?.noteReturn(message)
    for (const fingerprint of this.#doubtful) memory?.noteDone(fingerprint)
    this.#abort('lost', reason)
  }

  #abort(how: 'lost' | 'closing', reason: Error): void {
    if (!this.signal.aborted) this.#end.abort(reason)
    for (const delivery of this.#inHand) delivery.abort(how, reason)
  }
}
