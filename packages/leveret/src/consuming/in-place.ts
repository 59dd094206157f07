import { onAbort } from '../signals.js'
import type { Soon } from '../soon.js'
import type { ActiveDelivery } from './active-delivery.js'
import type { Attempt } from './attempt.js'
import type { Attempts, Task, Unread } from './attempts.js'
import type { Read } from './reader.js'
import type { OrderKey, Slots } from './slots.js'
import type { Verdict } from './verdict.js'

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
  readonly #waiting = new Set<() => void>()

  constructor(options: InPlaceOptions<Payload, D>) {
    this.#options = options
    options.slots.onGiveBack(() => {
      for (const giveUp of this.#waiting) giveUp()
    })
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
    const { again, slots, read } = this.#options
    let known = first
    for (let current = delivery; !current.life.signal.aborted; current = again(current)) {
      if (current !== delivery && 'do' in known) known = await read(current)
      const settlement = await conclude('do' in known ? known : await this.#attempt(known.payload, current), current)
      if (settlement.did !== 'retried' && settlement.did !== 'postponed') return true
      // While the worker is paused, or its breaker open, nothing begins.
      if (!(await this.#pause(settlement.afterMs)) || !(await slots.again())) return false
    }
    return false
  }

  async #attempt(payload: Payload, delivery: D): Promise<Verdict> {
    const { life } = delivery
    const callOff = onAbort(life.signal, () => delivery.abort(life.isOpen ? 'closing' : 'lost', life.signal.reason))
    try {
      return await this.#options.attempt(payload, delivery)
    } finally {
      callOff()
    }
  }

  /** @returns whether the time is over; `false` when nothing is to begin any more */
  async #pause(ms: number): Promise<boolean> {
    if (this.#options.slots.isClosed) return false
    return await new Promise((resolve) => {
      const end = (isOver: boolean): void => {
        clearTimeout(timer)
        this.#waiting.delete(giveUp)
        resolve(isOver)
      }
      const giveUp = (): void => end(false)
      const timer = setTimeout(() => end(true), ms)
      this.#waiting.add(giveUp)
    })
  }
}
