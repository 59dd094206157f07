import { andThen, type Soon } from '../soon.js'
import type { ActiveDelivery } from './active-delivery.js'
import type { Attempt } from './attempt.js'
import type { Settlement } from './settlement.js'
import type { OrderKey, Slots } from './slots.js'
import type { Verdict } from './verdict.js'

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

/** Each delivery has a slot of its own, from its attempt to its settlement. */
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

  #make({ payload, key, delivery, conclude }: Task<Payload, D>): Soon<boolean> {
    const left = (begun: boolean): boolean => {
      this.#slots.leave(key)
      return begun
    }
    // Its channel may have gone in the turn in which it got its slot.
    if (delivery.life.signal.aborted) return left(false)
    return andThen(this.#attempt(payload, delivery), (verdict) => andThen(conclude(verdict), () => left(true)))
  }
}
