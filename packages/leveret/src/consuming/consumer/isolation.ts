import { atMost, unlessAborted } from '../../async/timing.js'
import type { ActiveDelivery } from '../delivery/active-delivery.js'
import type { RedeliveryPolicy } from '../delivery/redelivery-policy.js'
import type { Slots } from '../handling/slots.js'
import type { IsolationStage } from './intake.js'

/** The longest time for which a suspect waits for the running handlers to end. The free slots stand idle meanwhile. */
const DRAIN_MS = 1_000

/**
 * Lets a message that may crash its process begin only when no other delivery is handled, apart from handlers that run
 * for longer than a second. If the process crashes, all of its deliveries come back. So the others would become
 * suspects too, and in the end be dead-lettered like the one that caused it.
 */
export class Isolation {
  readonly #options: IsolationOptions
  #stage: IsolationStage = 'open'
  /** The suspect that is being handled. */
  #suspect: ActiveDelivery | undefined
  #closed = false

  constructor(options: IsolationOptions) {
    this.#options = options
  }

  get stage(): IsolationStage {
    return this.#stage
  }

  /**
   * Starts a new subscription. Returned messages come first, so it takes one delivery at a time until one is no
   * suspect.
   */
  restart(): void {
    this.#suspect = undefined
    this.#stage = this.#options.redeliveryPolicy.isOn ? 'one by one' : 'open'
  }

  /**
   * Prepares for a change of the intake. The new consumer would bring a second delivery beside the suspect, so none is
   * taken until the suspect has ended.
   */
  steering(): void {
    if (this.#stage === 'one by one' && this.#suspect !== undefined) this.#stage = 'one left'
  }

  /** Decides when a delivery may begin. @returns a promise to wait for, or `undefined` when it may begin at once */
  admit(delivery: ActiveDelivery): Promise<void> | undefined {
    const { redeliveryPolicy, prefetch } = this.#options
    if (!redeliveryPolicy.isSuspect(delivery.message)) {
      if (this.#stage === 'one by one' && prefetch > 1) this.#to('open')
      return undefined
    }
    if (this.#stage === 'open') return this.#empty(delivery)
    if (this.#stage === 'one by one') this.#alone(delivery)
    return undefined
  }

  /** Notes that a delivery is no longer handled. */
  ended(delivery: object): void {
    if (this.#suspect !== delivery) return
    this.#suspect = undefined
    if (this.#stage === 'one left') this.#to('one by one')
  }

  /** Leaves it to the closing consumer to give back deliveries that have not begun. */
  close(): void {
    this.#closed = true
  }

  async #empty(suspect: ActiveDelivery): Promise<void> {
    const { slots, changed, read } = this.#options
    const { signal } = suspect.channel
    this.#stage = 'emptying'
    await changed()
    // Only now: before the broker has stopped, it would deliver the returned messages to this same consumer.
    if (!signal.aborted) slots.close()
    await unlessAborted(signal, atMost(DRAIN_MS, slots.whenIdle()))
      .then(read)
      .catch(() => undefined)
    if (!this.#closed) slots.open()
    if (signal.aborted) return
    this.#alone(suspect)
    this.#to('one left')
  }

  #alone(suspect: ActiveDelivery): void {
    this.#suspect = suspect
    this.#options.isolated(suspect)
  }

  #to(stage: IsolationStage): void {
    this.#stage = stage
    void this.#options.changed()
  }
}

/** Options of {@link Isolation}. */
export interface IsolationOptions {
  readonly redeliveryPolicy: RedeliveryPolicy
  /** The most unsettled deliveries that the broker lets the consumer hold. */
  readonly prefetch: number
  readonly slots: Slots
  /** Applies a new stage. Resolves when the broker delivers accordingly. Never rejects. */
  changed(): Promise<void>
  /** Resolves when the broker has processed every earlier ack and nack. Rejects when the channel is lost. */
  read(): Promise<void>
  /** Reports that a delivery is handled alone. */
  isolated(delivery: ActiveDelivery): void
}
