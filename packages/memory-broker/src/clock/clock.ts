/** A run of a function that is planned. */
export interface Timer {
  cancel(): void
}

/** The broker's time: of expiries, delays and timeouts. Heartbeats go by real time. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Runs a function at a time; at once, though not in this turn, if that has passed. */
  at(timeMs: number, run: () => void): Timer
  /** Forgets everything that is planned. */
  stop(): void
}
