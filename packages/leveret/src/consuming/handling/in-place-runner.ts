import type { Soon } from '../../async/maybe-promise.js'
import { onAbort } from '../../async/on-abort.js'
import type { ActiveDelivery } from '../delivery/active-delivery.js'
import type { Settlement } from '../delivery/settlement.js'
import type { Verdict } from '../delivery/verdict.js'
import type { Attempt } from './attempt.js'
import type { Attempts, Task, Unread } from './attempt-runner.js'
import { Pauses } from './pauses.js'
import type { Read } from './payload-reader.js'
import type { OrderKey, Slots } from './slots.js'

/** What attempts in place are made of. */
export interface InPlaceOptions<Payload, D extends ActiveDelivery> {
  readonly slots: Slots
  readonly attempt: Attempt<Payload, D>
  /** Never throws or rejects. */
  read(delivery: D): Soon<Read<Payload>>
  /** The same delivery for its next attempt, or for the same one again. */
  again(delivery: D): D
}

/**
 * Makes every attempt at a delivery before its slot is free: what cannot be put back is held until it is done, and what comes
 * after it waits.
 */
export class InPlace<Payload, D extends ActiveDelivery> implements Attempts<Payload, D> {
  readonly #options: InPlaceOptions<Payload, D>
  readonly #pauses: Pauses

  constructor(options: InPlaceOptions<Payload, D>) {
    this.#options = options
    this.#pauses = new Pauses(options.slots)
  }

  async make(task: Task<Payload, D>): Promise<boolean> {
    return await this.#hold(task, task, task.key)
  }

  async readAgain(unread: Unread<D>, verdict: Verdict): Promise<boolean> {
    return await this.#hold(unread, verdict, undefined)
  }

  async #hold(unread: Unread<D>, read: Read<Payload>, key: OrderKey | undefined): Promise<boolean> {
    const { slots } = this.#options
    const begins = slots.enter(key)
    if (begins === false || (begins !== true && !(await begins))) return false
    try {
      return await this.#make(unread, read)
    } finally {
      slots.leave(key)
    }
  }

  async #make({ delivery, conclude }: Unread<D>, first: Read<Payload>): Promise<boolean> {
    const { again, attempt, read } = this.#options
    let known = first
    for (let current = delivery; !current.life.signal.aborted; current = again(current)) {
      if (current !== delivery && 'do' in known) known = await read(current)
      const verdict = 'do' in known ? known : await heldAttempt(attempt, known.payload, current)
      const settlement = await conclude(verdict, current)
      // A handler may go on after it has settled.
      if (current.handled !== undefined) await current.handled
      if (!isOpen(settlement)) return true
      if (!(await this.#pauses.over(settlement.afterMs))) return false
    }
    return false
  }
}

/** Makes one attempt at a delivery that its channel need not know: a later attempt is another delivery of the same message. */
export async function heldAttempt<Payload, D extends ActiveDelivery>(
  attempt: Attempt<Payload, D>,
  payload: Payload,
  delivery: D,
): Promise<Verdict> {
  const { life } = delivery
  const callOff = onAbort(life.signal, () => delivery.abort(life.isOpen ? 'closing' : 'lost', life.signal.reason))
  try {
    return await attempt(payload, delivery)
  } finally {
    callOff()
  }
}

/** Whether another attempt follows in its place. */
export function isOpen(settlement: Settlement): settlement is Extract<Settlement, { readonly afterMs: number }> {
  return settlement.did === 'retried' || settlement.did === 'postponed'
}
