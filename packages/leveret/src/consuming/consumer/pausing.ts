import type { RoleEvents } from '../delivery/role-events.js'
import type { WorkerEvents } from '../delivery/worker-events.js'
import { Breaker, type BreakerSettings } from '../handling/breaker.js'
import type { PauseState } from './intake.js'

/**
 * Decides whether a worker takes deliveries: by the calls of `pause` and `resume`, and by its circuit breaker. The
 * calls take precedence.
 */
export class Pausing {
  readonly #breaker: Breaker | undefined
  /** Whether a circuit breaker may pause. Only then are the ends of attempts recorded. */
  readonly isAutomatic: boolean
  /** Whether a delivery that cannot be read counts as a failed attempt. */
  readonly countsInvalid: boolean
  readonly #pauseMs: number
  readonly #events: RoleEvents<WorkerEvents>
  readonly #pass: (gate: PauseState) => Promise<void>
  #isPaused = false
  #isClosed = false
  #timer: NodeJS.Timeout | undefined

  constructor(
    settings: BreakerSettings | false,
    events: RoleEvents<WorkerEvents>,
    pass: (gate: PauseState) => Promise<void>,
  ) {
    this.#breaker = settings === false ? undefined : new Breaker(settings)
    this.isAutomatic = settings !== false
    this.countsInvalid = settings !== false && settings.countInvalid
    this.#pauseMs = settings === false ? 0 : settings.pauseMs
    this.#events = events
    this.#pass = pass
  }

  /** The reason why no delivery begins, if it is paused. */
  get why(): string | undefined {
    if (this.#isPaused) return 'paused by pause()'
    if (this.#breaker?.state === 'open') return `too many attempts failed: paused for ${this.#pauseMs} ms`
    return undefined
  }

  /** Whether it was paused by a call of `pause`. */
  get isPaused(): boolean {
    return this.#isPaused
  }

  async pause(): Promise<void> {
    if (!this.#isPaused) this.#events.report('paused', { by: 'call' })
    this.#isPaused = true
    await this.#pass(this.#gate())
  }

  async resume(): Promise<void> {
    const wasPaused = this.#isPaused
    this.#isPaused = false
    if (wasPaused && this.#gate() === 'open') this.#events.report('resumed', {})
    await this.#pass(this.#gate())
  }

  /**
   * Records the end of an attempt.
   * @param begunAtMs - by `performance.now()`; `undefined` when the attempt never reached its handler
   */
  record(succeeded: boolean, begunAtMs: number | undefined): void {
    if (this.#isClosed || begunAtMs === undefined) return
    if (this.#breaker?.record(succeeded, begunAtMs, performance.now()) !== true) return
    if (this.#breaker.state === 'closed') this.#events.report('resumed', {})
    else {
      this.#events.report('paused', { by: 'breaker' })
      this.#timer = setTimeout(() => this.#probe(), this.#pauseMs)
    }
    void this.#pass(this.#gate())
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  #probe(): void {
    this.#breaker?.probe(performance.now())
    this.#events.report('probing', {})
    void this.#pass(this.#gate())
  }

  #gate(): PauseState {
    if (this.#isPaused || this.#breaker?.state === 'open') return 'shut'
    return this.#breaker?.state === 'probing' ? 'probing' : 'open'
  }
}
