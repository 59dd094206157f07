import { z } from 'zod'
import { MAX_TIMER_MS } from '../../async/timing.js'

/** Decides, from the results of attempts, whether work continues. It reads no clock: each call passes the time. */
export class Breaker {
  readonly #settings: BreakerSettings
  #state: BreakerState = 'closed'
  /** The time at which the state last changed. */
  #sinceMs = Number.NEGATIVE_INFINITY
  #slices: Slice[] = []

  constructor(settings: BreakerSettings) {
    this.#settings = settings
  }

  get state(): BreakerState {
    return this.#state
  }

  /** Ends the pause: one delivery tests the handler. */
  probe(nowMs: number): void {
    if (this.#state === 'open') this.#change('probing', nowMs)
  }

  /**
   * Counts an attempt that has ended. An attempt that began before the state last changed is not counted, because it
   * shows the conditions of that time.
   *
   * @returns whether the state has changed
   */
  record(succeeded: boolean, begunAtMs: number, nowMs: number): boolean {
    if (this.#state === 'open' || begunAtMs < this.#sinceMs) return false
    if (this.#state === 'closed') {
      this.#count(succeeded, nowMs)
      if (!this.#isTooMuch()) return false
    }
    this.#change(this.#state === 'probing' && succeeded ? 'closed' : 'open', nowMs)
    return true
  }

  #change(state: BreakerState, nowMs: number): void {
    this.#state = state
    this.#sinceMs = nowMs
    this.#slices = []
  }

  #count(succeeded: boolean, nowMs: number): void {
    const number = Math.floor((nowMs * SLICES) / this.#settings.windowMs)
    this.#slices = this.#slices.filter((slice) => slice.number > number - SLICES)
    const last = this.#slices.at(-1)
    const slice = last?.number === number ? last : { number, attempts: 0, failures: 0 }
    if (slice !== last) this.#slices.push(slice)
    slice.attempts += 1
    if (!succeeded) slice.failures += 1
  }

  #isTooMuch(): boolean {
    const { failureRate, minAttempts } = this.#settings
    const attempts = this.#slices.reduce((sum, slice) => sum + slice.attempts, 0)
    const failures = this.#slices.reduce((sum, slice) => sum + slice.failures, 0)
    return attempts >= minAttempts && failures / attempts >= failureRate
  }
}

/** Options of the circuit breaker, which pauses a worker when a service that its handler needs seems to be down. */
export interface BreakerOptions {
  /** The share of failed attempts at which it opens: above 0, up to 1. @defaultValue 0.1 */
  readonly failureRate?: number | undefined
  /** The fewest attempts that are enough to decide, from 1. With fewer, work continues. @defaultValue 100 */
  readonly minAttempts?: number | undefined
  /** How long an attempt counts, in milliseconds, from 100 to 2,147,483,647. @defaultValue 60_000 */
  readonly windowMs?: number | undefined
  /**
   * How long no delivery is taken, in milliseconds, from 1 to 2,147,483,647. Then one delivery is tried.
   * @defaultValue 60_000
   */
  readonly pauseMs?: number | undefined
  /**
   * Whether a delivery that cannot be read counts as a failed attempt: the schema or the codec refuses it, or no
   * template matches it. A deploy with a wrong schema then pauses by itself, before the whole queue has moved to the
   * dead-letter queue: only `minAttempts` deliveries and those of one prefetch move there, then one after each pause.
   * @defaultValue false
   */
  readonly countInvalid?: boolean | undefined
}

/** Checks {@link BreakerOptions}. */
export const breakerOptions = z.strictObject({
  failureRate: z.number().gt(0).max(1).default(0.1),
  minAttempts: z.int().min(1).default(100),
  windowMs: z.int().min(100).max(MAX_TIMER_MS).default(60_000),
  pauseMs: z.int().min(1).max(MAX_TIMER_MS).default(60_000),
  countInvalid: z.boolean().default(false),
})

/** The options of a circuit breaker, with every default filled in. */
export type BreakerSettings = z.output<typeof breakerOptions>

/**
 * The state of a circuit breaker. `closed`: work continues. `open`: no delivery begins. `probing`: one delivery at a
 * time, until one has succeeded or failed.
 */
export type BreakerState = 'closed' | 'open' | 'probing'

/** The window moves in steps of a sixtieth of its length. */
const SLICES = 60

interface Slice {
  readonly number: number
  attempts: number
  failures: number
}
