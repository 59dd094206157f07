import { LeveretError } from './leveret-error.js'

/** The connection or role that was called is closed. Create a new one. */
export class ClosedError extends LeveretError {
  override readonly name = 'ClosedError'
  readonly retryable = false
}
