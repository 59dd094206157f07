import type { DenseItem, DenseSet } from '../collections/dense-set.js'
import { PatientTimer } from './patient-timer.js'
import { inRootContext } from './root-context.js'
import { MAX_TIMER_MS } from './timing.js'

/** Sweeps come no closer together than this. */
const MIN_GAP_MS = 20

/** One timer for all deadlines, set to the nearest. What has come by then is read before anything is late. */
export class Deadlines {
  readonly #sweep: (now: number) => number
  readonly #keepsAlive: boolean
  #timer: PatientTimer | undefined
  #setFor = Number.POSITIVE_INFINITY

  /**
   * @param sweep - fails what is late and returns the next deadline, `Infinity` when there is none
   * @param keepsAlive - whether the process waits for it when nothing else is left
   */
  constructor(sweep: (now: number) => number, { keepsAlive }: { keepsAlive: boolean }) {
    this.#sweep = sweep
    this.#keepsAlive = keepsAlive
  }

  /** Makes sure that a sweep comes at this time of `performance.now()`, or soon after. */
  watch(deadline: number): void {
    if (deadline >= this.#setFor) return
    this.#setFor = deadline
    this.#timer?.cancel()
    const ms = Math.min(Math.max(deadline - performance.now(), 0), MAX_TIMER_MS)
    this.#timer = inRootContext(() => new PatientTimer(ms, () => this.#fire(), this.#keepsAlive))
  }

  stop(): void {
    this.#timer?.cancel()
    this.#setFor = Number.NEGATIVE_INFINITY
  }

  #fire(): void {
    this.#setFor = Number.POSITIVE_INFINITY
    const now = performance.now()
    const next = this.#sweep(now)
    if (next !== Number.POSITIVE_INFINITY) this.watch(Math.max(next, now + MIN_GAP_MS))
  }
}

/** What must be over at a time of `performance.now()`. */
export interface Due extends DenseItem {
  readonly dueAt: number
}

/** Tells what is late of what is open, which may then leave it, or be given more time. @returns the next deadline, for {@link Deadlines} */
export function tellLate<T extends Due>(open: DenseSet<T>, now: number, late: (one: T) => void): number {
  let next = Number.POSITIVE_INFINITY
  for (const one of open) {
    if (one.dueAt <= now) late(one)
    if (open.has(one)) next = Math.min(next, one.dueAt)
  }
  return next
}
