import { LeveretError } from './leveret-error.js'
import { messageOf } from './message-of.js'

/** The offset store of a stream's subscriber failed, or took too long; `cause` is what it said. It is asked again. */
export class OffsetStoreError extends LeveretError {
  override readonly name = 'OffsetStoreError'
  readonly retryable = true
  readonly operation: 'load' | 'save'

  constructor(operation: 'load' | 'save', stream: string, cause: unknown) {
    super(`The offset store of the stream '${stream}' failed to ${operation}: ${messageOf(cause)}`, { cause })
    this.operation = operation
  }
}
