import type { DenseItem, DenseSet } from '../collections/dense-set.js'
import { PatientTimer } from './patient-timer.js'
import { inRootContext } from './root-context.js'
import { MAX_TIMER_MS } from './timing.js'

/** The shortest time between two sweeps. */
const MIN_GAP_MS = 20

/**
 * One timer for many deadlines, set to the nearest. Data that has arrived by then is read before anything counts as
 * late.
 */
export class Deadlines {
  readonly #sweep: (now: number) => number
  readonly #keepsAlive: boolean
  #timer: PatientTimer | undefined
  /** Time of the next sweep, by `performance.now()`. Only an earlier deadline has to be watched. */
  next = Number.POSITIVE_INFINITY

  /**
   * @param sweep - fails every item that is late and returns the next deadline, or `Infinity` if there is none
   * @param keepsAlive - whether the timer keeps the process running when nothing else does
   */
  constructor(sweep: (now: number) => number, { keepsAlive }: { keepsAlive: boolean }) {
    this.#sweep = sweep
    this.#keepsAlive = keepsAlive
  }

  /** Schedules a sweep at this time of `performance.now()`, or soon after. */
  watch(deadline: number): void {
    if (deadline >= this.next) return
    this.next = deadline
    this.#timer?.cancel()
    const ms = Math.min(Math.max(deadline - performance.now(), 0), MAX_TIMER_MS)
    this.#timer = inRootContext(() => new PatientTimer(ms, () => this.#fire(), this.#keepsAlive))
  }

  stop(): void {
    this.#timer?.cancel()
    this.next = Number.NEGATIVE_INFINITY
  }

  #fire(): void {
    this.next = Number.POSITIVE_INFINITY
    const now = performance.now()
    const next = this.#sweep(now)
    if (next !== Number.POSITIVE_INFINITY) this.watch(Math.max(next, now + MIN_GAP_MS))
  }
}

/** An item with a deadline, as a time of `performance.now()`. */
export interface Due extends DenseItem {
  readonly dueAt: number
}

/**
 * Calls `late` for every item whose deadline has passed. `late` may remove the item or move its deadline.
 *
 * @returns the next deadline, for {@link Deadlines}
 */
export function expireDue<T extends Due>(open: DenseSet<T>, now: number, late: (one: T) => void): number {
  let next = Number.POSITIVE_INFINITY
  for (const one of open) {
    if (one.dueAt <= now) late(one)
    if (open.has(one)) next = Math.min(next, one.dueAt)
  }
  return next
}
