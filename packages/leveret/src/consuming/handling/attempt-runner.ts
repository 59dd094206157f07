import { isLater, type MaybePromise } from '../../async/maybe-promise.js'
import type { ActiveDelivery } from '../delivery/active-delivery.js'
import type { Settlement } from '../delivery/settlement.js'
import type { Verdict } from '../delivery/verdict.js'
import type { Attempt } from './attempt.js'
import type { OrderKey, Slots } from './slots.js'

/** Gives each delivery a slot of its own, for as long as its handler runs. */
export class SingleRunner<Payload, D extends ActiveDelivery> implements AttemptRunner<Payload, D> {
  readonly #slots: Slots
  readonly #attempt: Attempt<Payload, D>

  constructor(slots: Slots, attempt: Attempt<Payload, D>) {
    this.#slots = slots
    this.#attempt = attempt
  }

  make(task: DecodedDelivery<Payload, D>): MaybePromise<boolean> {
    const begins = this.#slots.enter(task.key)
    if (begins === true) return this.#make(task)
    return begins === false ? false : this.#makeLater(begins, task)
  }

  async #makeLater(entering: Promise<boolean>, task: DecodedDelivery<Payload, D>): Promise<boolean> {
    return (await entering) && (await this.#make(task))
  }

  #make(task: DecodedDelivery<Payload, D>): MaybePromise<boolean> {
    const { payload, key, delivery } = task
    // The attempt may have ended in the same turn in which it got its slot.
    if (delivery.end !== undefined) {
      this.#slots.leave(key)
      return false
    }
    const attempting = this.#attempt(payload, delivery)
    if (isLater(attempting)) return this.#concludeLater(attempting, task)
    this.#slots.leave(key)
    const concluding = task.conclude(attempting, delivery)
    return isLater(concluding) ? concluding.then(() => true) : true
  }

  async #concludeLater(attempting: Promise<Verdict>, task: DecodedDelivery<Payload, D>): Promise<boolean> {
    const { key, delivery, conclude } = task
    const verdict = await attempting
    const { handled } = delivery
    if (handled !== undefined) return await this.#outlived(handled, task, verdict)
    this.#slots.leave(key)
    const concluding = conclude(verdict, delivery)
    if (isLater(concluding)) await concluding
    return true
  }

  /** Concludes a delivery whose handler goes on after it has settled: the slot stays taken until the handler ends. */
  async #outlived(
    handled: Promise<void>,
    { key, delivery, conclude }: DecodedDelivery<Payload, D>,
    verdict: Verdict,
  ): Promise<boolean> {
    const left = handled.then(() => this.#slots.leave(key))
    await conclude(verdict, delivery)
    await left
    return true
  }
}

/** A delivery between its arrival and its settlement, with the function that settles it. */
export interface Unread<D extends ActiveDelivery = ActiveDelivery> {
  readonly delivery: D
  /**
   * Settles the delivery. Never throws or rejects. Called at most once, except where attempts are made in place.
   *
   * @param delivery - the one that the handler got: attempts in place have another one each
   */
  readonly conclude: (verdict: Verdict, delivery: D) => MaybePromise<Settlement>
}

/** A delivery whose payload has been checked. */
export interface DecodedDelivery<Payload, D extends ActiveDelivery = ActiveDelivery> extends Unread<D> {
  readonly payload: Payload
  readonly key: OrderKey | undefined
}

/** Brings checked deliveries to their handler: one by one, or in batches. */
export interface AttemptRunner<Payload, D extends ActiveDelivery = ActiveDelivery> {
  /**
   * Waits until the delivery may begin, makes one attempt, and concludes it.
   * @returns `false` when the attempt did not begin, so the delivery goes back to its queue
   */
  make(task: DecodedDelivery<Payload, D>): MaybePromise<boolean>
  /**
   * Retries a delivery that could not be read, where attempts are made in place. Elsewhere a copy of it comes back
   * later.
   */
  readAgain?(unread: Unread<D>, verdict: Verdict): MaybePromise<boolean>
}
