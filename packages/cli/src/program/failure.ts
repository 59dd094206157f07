import { ManagementError } from '@leveret/management'
import { BrokerError, ConnectionError, LeveretError, OptionsError, PayloadError } from 'leveret'

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

/** Returns the exit code of an error. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError || error instanceof OptionsError) return EXIT.usage
  if (error instanceof ConnectionError) return EXIT.refused
  if (error instanceof BrokerError) return error.replyCode === 403 ? EXIT.refused : EXIT.found
  if (error instanceof ManagementError) return [0, 401, 403].includes(error.status) ? EXIT.refused : EXIT.found
  return EXIT.found
}

/** Describes an error, in lines. */
export function linesOf(error: unknown): readonly string[] {
  if (error instanceof PayloadError) {
    const where = error.direction === 'outgoing' ? 'not sent' : 'received'
    return [
      `The payload does not fit '${error.contract}' (${where}):`,
      ...error.issues.map(({ path, message }) => `  ${path.join('.') || '(the value itself)'}: ${message}`),
    ]
  }
  if (error instanceof ManagementError) return managementLines(error)
  if (error instanceof LeveretError || error instanceof UsageError || error instanceof NotDoneError)
    return [error.message]
  return [error instanceof Error ? `${error.name}: ${error.message}` : String(error)]
}

function managementLines(error: ManagementError): readonly string[] {
  const { status, method, path } = error
  if (status === 0) {
    return [
      `The management API does not answer: ${error.body}`,
      'Say where it is with --management http://host:15672, or RABBITMQ_MANAGEMENT_URL.',
    ]
  }
  if (status === 401 || status === 403) {
    return [
      `The management API refused ${method} ${path} (${status}).`,
      'The name or password is wrong, or the user has no tag: rabbitmqctl set_user_tags <user> monitoring',
    ]
  }
  return [error.message]
}
