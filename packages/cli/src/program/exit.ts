/** Exit codes of the commands. */
export const EXIT = {
  /** Everything is done, and nothing wrong was found. */
  done: 0,
  /** A check found something wrong, or the work is not complete. */
  found: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The connection failed or was refused. */
  refused: 3,
  /** Ctrl-C ended the command after its current work. */
  interrupted: 130,
} as const

/** One of the numbers above. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** The error for a wrong command line. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The error for something that does not exist or could not be done. */
export class NotDoneError extends Error {
  override readonly name = 'NotDoneError'
}
