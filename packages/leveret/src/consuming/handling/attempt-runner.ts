import { andThen, type Soon } from '../../async/maybe-promise.js'
import type { ActiveDelivery } from '../delivery/active-delivery.js'
import type { Settlement } from '../delivery/settlement.js'
import type { Verdict } from '../delivery/verdict.js'
import type { Attempt } from './attempt.js'
import type { OrderKey, Slots } from './slots.js'

/** A delivery on its way from its arrival to its settlement. */
export interface Unread<D extends ActiveDelivery = ActiveDelivery> {
  readonly delivery: D
  /**
   * Settles it. Never throws or rejects. Called once at most, except where attempts are made in place.
   *
   * @param attempt - the delivery as its handler had it, where that is another one each time
   */
  conclude(verdict: Verdict, attempt?: D): Soon<Settlement>
}

/** A delivery whose payload has been checked. */
export interface Task<Payload, D extends ActiveDelivery = ActiveDelivery> extends Unread<D> {
  readonly payload: Payload
  readonly key: OrderKey | undefined
}

/** How checked deliveries come to their handler: one by one, or in batches. */
export interface Attempts<Payload, D extends ActiveDelivery = ActiveDelivery> {
  /** Waits until it may begin, makes one attempt, and concludes. @returns `false` when it did not begin: it is to be given back */
  make(task: Task<Payload, D>): Soon<boolean>
  /** The same for what could not be read yet, where it is read again in place. Elsewhere a copy comes back. */
  readAgain?(unread: Unread<D>, verdict: Verdict): Soon<boolean>
}

/** Gives each delivery a slot of its own, for as long as its handler runs. */
export class OneByOne<Payload, D extends ActiveDelivery> implements Attempts<Payload, D> {
  readonly #slots: Slots
  readonly #attempt: Attempt<Payload, D>

  constructor(slots: Slots, attempt: Attempt<Payload, D>) {
    this.#slots = slots
    this.#attempt = attempt
  }

  make(task: Task<Payload, D>): Soon<boolean> {
    return andThen(this.#slots.enter(task.key), (begins) => begins && this.#make(task))
  }

  #make(task: Task<Payload, D>): Soon<boolean> {
    const { payload, key, delivery, conclude } = task
    // It may have ended in the turn in which it got its slot.
    if (delivery.end !== undefined) {
      this.#slots.leave(key)
      return false
    }
    return andThen(this.#attempt(payload, delivery), (verdict) => {
      const { handled } = delivery
      if (handled !== undefined) return this.#outlived(handled, task, verdict)
      this.#slots.leave(key)
      return andThen(conclude(verdict), () => true)
    })
  }

  /** Its handler goes on after it has settled: the slot is its until it ends. */
  async #outlived(handled: Promise<void>, { key, conclude }: Task<Payload, D>, verdict: Verdict): Promise<boolean> {
    const left = handled.then(() => this.#slots.leave(key))
    await conclude(verdict)
    await left
    return true
  }
}
