/** Task of one process. */
export interface Task {
  readonly url: string
  readonly lines: number
  /** Whether the transport is `@leveret/pino`, or one that does nothing. */
  readonly ships: boolean
}

/** Results of a task. */
export interface Logged {
  /** How long the loop that logs took, in milliseconds. It is the longest turn of the event loop. */
  readonly turnMs: number
  /** How many bytes the process grew, at most. */
  readonly grownBytes: number
}
