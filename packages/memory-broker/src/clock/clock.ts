/** A planned run of a function. */
export interface Timer {
  cancel(): void
}

/** The broker's clock, for expiries, delays and timeouts. Heartbeats use real time. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Runs a function at a time. If that time has passed, runs it soon, but not in this turn of the event loop. */
  at(timeMs: number, run: () => void): Timer
  /** Cancels all planned runs. */
  stop(): void
}
