import { LeveretError } from './leveret-error.js'

/** The connection or role that was asked has been closed. Make a new one. */
export class ClosedError extends LeveretError {
  override readonly name = 'ClosedError'
  readonly retryable = false
}
