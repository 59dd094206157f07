import { atMost, unlessAborted } from '../../async/timing.js'
import type { ActiveDelivery } from '../delivery/active-delivery.js'
import type { Suspicion } from '../delivery/redelivery-policy.js'
import type { Slots } from '../handling/slots.js'
import type { Stage } from './intake.js'

/** How long handlers that run may take to end before a suspect begins beside them: the other slots stand still meanwhile. */
const DRAIN_MS = 1_000

/** What isolation needs of the consumer. */
export interface IsolationOptions {
  readonly suspicion: Suspicion
  /** Unsettled deliveries that the broker lets it hold. */
  readonly prefetch: number
  readonly slots: Slots
  /** The stage has changed. Resolves when the broker does as it says. Never rejects. */
  changed(): Promise<void>
  /** Resolves when the broker has read all that was settled before, or rejects when its channel is lost. */
  read(): Promise<void>
  /** It is handled alone. */
  isolated(delivery: ActiveDelivery): void
}

/**
 * Has a message that may end its process handled with nothing else in hand but what runs for longer than a second: what is in hand
 * comes back with it, and would be suspected, and in the end given up, like the culprit.
 */
export class Isolation {
  readonly #options: IsolationOptions
  #stage: Stage = 'open'
  /** The suspect that is handled now. */
  #suspect: ActiveDelivery | undefined
  #closed = false

  constructor(options: IsolationOptions) {
    this.#options = options
  }

  get stage(): Stage {
    return this.#stage
  }

  /** A fresh subscription begins. What has come back comes first, so it takes one, and more when that is no suspect. */
  restart(): void {
    this.#suspect = undefined
    this.#stage = this.#options.suspicion.isOn ? 'one by one' : 'open'
  }

  /** The intake is about to change. A fresh consumer would bring another one beside the suspect. */
  steering(): void {
    if (this.#stage === 'one by one' && this.#suspect !== undefined) this.#stage = 'one left'
  }

  /** A delivery has come. @returns a promise where it must not begin before that resolves */
  admit(delivery: ActiveDelivery): Promise<void> | undefined {
    const { suspicion, prefetch } = this.#options
    if (!suspicion.isSuspect(delivery.message)) {
      if (this.#stage === 'one by one' && prefetch > 1) this.#to('open')
      return undefined
    }
    if (this.#stage === 'open') return this.#empty(delivery)
    if (this.#stage === 'one by one') this.#alone(delivery)
    return undefined
  }

  /** A delivery is no longer handled. */
  ended(delivery: object): void {
    if (this.#suspect !== delivery) return
    this.#suspect = undefined
    if (this.#stage === 'one left') this.#to('one by one')
  }

  /** From now on what has not begun is given back by others. */
  close(): void {
    this.#closed = true
  }

  async #empty(suspect: ActiveDelivery): Promise<void> {
    const { slots, changed, read } = this.#options
    const { signal } = suspect.life
    this.#stage = 'emptying'
    await changed()
    // Only now: before the broker has stopped, it would deliver what comes back to this very consumer.
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

  #to(stage: Stage): void {
    this.#stage = stage
    void this.#options.changed()
  }
}
