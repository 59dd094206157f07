import type { MaybePromise } from '../../async/maybe-promise.js'
import { onAbort } from '../../async/on-abort.js'
import type { ActiveDelivery } from '../delivery/active-delivery.js'
import type { Settlement } from '../delivery/settlement.js'
import type { Verdict } from '../delivery/verdict.js'
import type { Attempt } from './attempt.js'
import type { AttemptRunner, DecodedDelivery, Unread } from './attempt-runner.js'
import { Pauses } from './pauses.js'
import type { ReadResult } from './payload-reader.js'
import type { OrderKey, Slots } from './slots.js'

/**
 * Makes all attempts at a delivery before it frees the slot. A delivery that cannot go back to its queue is held until
 * it is done, and later deliveries wait for it.
 */
export class InPlaceRunner<Payload, D extends ActiveDelivery> implements AttemptRunner<Payload, D> {
  readonly #options: InPlaceOptions<Payload, D>
  readonly #pauses: Pauses

  constructor(options: InPlaceOptions<Payload, D>) {
    this.#options = options
    this.#pauses = new Pauses(options.slots)
  }

  async make(task: DecodedDelivery<Payload, D>): Promise<boolean> {
    return await this.#hold(task, task, task.key)
  }

  async readAgain(unread: Unread<D>, verdict: Verdict): Promise<boolean> {
    return await this.#hold(unread, verdict, undefined)
  }

  async #hold(unread: Unread<D>, read: ReadResult<Payload>, key: OrderKey | undefined): Promise<boolean> {
    const { slots } = this.#options
    const begins = slots.enter(key)
    if (begins === false || (begins !== true && !(await begins))) return false
    try {
      return await this.#make(unread, read)
    } finally {
      slots.leave(key)
    }
  }

  async #make({ delivery, conclude }: Unread<D>, first: ReadResult<Payload>): Promise<boolean> {
    const { again, attempt, read } = this.#options
    let known = first
    for (let current = delivery; !current.channel.signal.aborted; current = again(current)) {
      if (current !== delivery && 'do' in known) known = await read(current)
      const verdict = 'do' in known ? known : await heldAttempt(attempt, known.payload, current)
      const settlement = await conclude(verdict, current)
      // A handler may continue after it has settled.
      if (current.handled !== undefined) await current.handled
      if (!isOpen(settlement)) return true
      if (!(await this.#pauses.over(settlement.afterMs))) return false
    }
    return false
  }
}

/** Options of {@link InPlaceRunner}. */
export interface InPlaceOptions<Payload, D extends ActiveDelivery> {
  readonly slots: Slots
  readonly attempt: Attempt<Payload, D>
  /** Reads a delivery. Never throws or rejects. */
  read(delivery: D): MaybePromise<ReadResult<Payload>>
  /** Makes the delivery of the same message again, for its next attempt or for a repetition of the same one. */
  again(delivery: D): D
}

/**
 * Makes one attempt at a delivery that its channel does not track, because each attempt in place has a delivery of its
 * own.
 */
export async function heldAttempt<Payload, D extends ActiveDelivery>(
  attempt: Attempt<Payload, D>,
  payload: Payload,
  delivery: D,
): Promise<Verdict> {
  const { channel } = delivery
  const callOff = onAbort(channel.signal, () =>
    delivery.abort(channel.isOpen ? 'closing' : 'lost', channel.signal.reason),
  )
  try {
    return await attempt(payload, delivery)
  } finally {
    callOff()
  }
}

/** Whether another attempt follows in place. */
export function isOpen(settlement: Settlement): settlement is Extract<Settlement, { readonly afterMs: number }> {
  return settlement.did === 'retried' || settlement.did === 'postponed'
}
