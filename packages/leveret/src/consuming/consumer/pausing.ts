import type { RoleEvents } from '../delivery/role-events.js'
import type { WorkerEvents } from '../delivery/worker-events.js'
import { Breaker, type BreakerSettings } from '../handling/breaker.js'
import type { Gate } from './intake.js'

/** Says whether a worker goes on: as it is told, and as its circuit breaker says. The first is the stronger. */
export class Pausing {
  readonly #breaker: Breaker | undefined
  /** Whether what cannot be read is a failed attempt. */
  readonly countsInvalid: boolean
  readonly #pauseMs: number
  readonly #events: RoleEvents<WorkerEvents>
  readonly #pass: (gate: Gate) => Promise<void>
  #isPaused = false
  #isClosed = false
  #timer: NodeJS.Timeout | undefined

  constructor(
    settings: BreakerSettings | false,
    events: RoleEvents<WorkerEvents>,
    pass: (gate: Gate) => Promise<void>,
  ) {
    this.#breaker = settings === false ? undefined : new Breaker(settings)
    this.countsInvalid = settings !== false && settings.countInvalid
    this.#pauseMs = settings === false ? 0 : settings.pauseMs
    this.#events = events
    this.#pass = pass
  }

  /** Why nothing begins, if so. */
  get why(): string | undefined {
    if (this.#isPaused) return 'it was paused by a call of pause()'
    if (this.#breaker?.state === 'open') return `too many attempts failed: it has paused for ${this.#pauseMs} ms`
    return undefined
  }

  /** Whether that is what somebody asked for. */
  get isPaused(): boolean {
    return this.#isPaused
  }

  async pause(): Promise<void> {
    if (!this.#isPaused) this.#events.tell('paused', { by: 'call' })
    this.#isPaused = true
    await this.#pass(this.#gate())
  }

  async resume(): Promise<void> {
    const wasPaused = this.#isPaused
    this.#isPaused = false
    if (wasPaused && this.#gate() === 'open') this.#events.tell('resumed', {})
    await this.#pass(this.#gate())
  }

  /** An attempt has ended. @param begunAtMs - by `performance.now()`; `undefined` when it never reached its handler */
  record(succeeded: boolean, begunAtMs: number | undefined): void {
    if (this.#isClosed || begunAtMs === undefined) return
    if (this.#breaker?.record(succeeded, begunAtMs, performance.now()) !== true) return
    if (this.#breaker.state === 'closed') this.#events.tell('resumed', {})
    else {
      this.#events.tell('paused', { by: 'breaker' })
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
    this.#events.tell('probing', {})
    void this.#pass(this.#gate())
  }

  #gate(): Gate {
    if (this.#isPaused || this.#breaker?.state === 'open') return 'shut'
    return this.#breaker?.state === 'probing' ? 'probing' : 'open'
  }
}
