/** What a program of its own is to log. */
export interface Task {
  readonly url: string
  readonly lines: number
  /** Whether the transport is pino's `@leveret/pino`, or one that does nothing. */
  readonly ships: boolean
}

/** What it saw of itself. */
export interface Logged {
  /** How long the loop that logs took, in milliseconds: the longest turn of the event loop. */
  readonly turnMs: number
  /** By how much its memory was above that before, at most. */
  readonly grownBytes: number
}
