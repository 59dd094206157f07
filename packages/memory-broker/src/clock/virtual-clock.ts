import type { Clock, Timer } from './clock.js'

interface Planned extends Timer {
  readonly timeMs: number
  readonly run: () => void
}

/** Shows a time that stands still until {@link VirtualClock.advance} is called. */
export class VirtualClock implements Clock {
  #nowMs = Date.now()
  /** Planned runs, ordered by time; runs of the same time in the order of planning. */
  #planned: Planned[] = []

  now(): number {
    return this.#nowMs
  }

  at(timeMs: number, run: () => void): Timer {
    const planned: Planned = {
      timeMs: Math.max(timeMs, this.#nowMs),
      run,
      cancel: () => {
        const index = this.#planned.indexOf(planned)
        if (index >= 0) this.#planned.splice(index, 1)
      },
    }
    const after = this.#planned.findIndex((other) => other.timeMs > planned.timeMs)
    this.#planned.splice(after < 0 ? this.#planned.length : after, 0, planned)
    return planned
  }

  stop(): void {
    this.#planned = []
  }

  /**
   * Lets time pass. It goes to each planned moment in turn, runs what is due, and waits for the consequences.
   *
   * @param settled - resolves when the consequences of a moment have come to rest
   */
  async advance(ms: number, settled: () => Promise<void>): Promise<void> {
    const end = this.#nowMs + ms
    await settled()
    for (let next = this.#planned[0]; next !== undefined && next.timeMs <= end; next = this.#planned[0]) {
      this.#nowMs = Math.max(next.timeMs, this.#nowMs)
      this.#runDue()
      await settled()
    }
    this.#nowMs = end
  }

  #runDue(): void {
    for (let due = this.#planned[0]; due !== undefined && due.timeMs <= this.#nowMs; due = this.#planned[0]) {
      this.#planned.shift()
      due.run()
    }
  }
}
