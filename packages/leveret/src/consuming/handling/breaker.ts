import { z } from 'zod'
import { MAX_TIMER_MS } from '../../async/timing.js'

/** When a worker stops by itself, because what its handler needs seems to be down. */
export interface BreakerOptions {
  /** The part of the attempts that must have failed: above 0, up to 1. @defaultValue 0.1 */
  readonly failureRate?: number | undefined
  /** The fewest attempts that say anything, from 1: with fewer it goes on. @defaultValue 100 */
  readonly minAttempts?: number | undefined
  /** How long an attempt counts, in milliseconds, from 100 to 2,147,483,647. @defaultValue 60_000 */
  readonly windowMs?: number | undefined
  /** How long nothing is taken, in milliseconds, from 1 to 2,147,483,647. Then one delivery is tried. @defaultValue 60_000 */
  readonly pauseMs?: number | undefined
  /**
   * Counts as failed what never reaches the handler because it cannot be read: the schema or the codec refuses it, or no template knows it.
   * So a deploy with a wrong schema stops by itself, before the queue has gone to the dead-letter queue: `minAttempts` deliveries go there, and as
   * many as the prefetch holds, then one after each pause. @defaultValue false
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

/** When a circuit breaker opens. */
export type BreakerSettings = z.output<typeof breakerOptions>

/** `closed`: all goes on. `open`: nothing begins. `probing`: one at a time, until one has succeeded or failed. */
export type BreakerState = 'closed' | 'open' | 'probing'

/** The window moves by a sixtieth of its length. */
const SLICES = 60

interface Slice {
  readonly number: number
  attempts: number
  failures: number
}

/** Decides from how attempts end whether to go on. It knows no clock: whoever asks says what time it is. */
export class Breaker {
  readonly #settings: BreakerSettings
  #state: BreakerState = 'closed'
  /** When the state last changed. */
  #sinceMs = Number.NEGATIVE_INFINITY
  #slices: Slice[] = []

  constructor(settings: BreakerSettings) {
    this.#settings = settings
  }

  get state(): BreakerState {
    return this.#state
  }

  /** The pause is over. */
  probe(nowMs: number): void {
    if (this.#state === 'open') this.#change('probing', nowMs)
  }

  /**
   * Counts an attempt that has ended. One that began before the state last changed says nothing of how things are now.
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
