import { LeveretError } from './errors.js'

/** The offset store of a stream's subscriber failed, or took too long; `cause` is what it said. It is asked again. */
export class OffsetStoreError extends LeveretError {
  override readonly name = 'OffsetStoreError'
  readonly retryable = true
  readonly operation: 'load' | 'save'

  constructor(operation: 'load' | 'save', stream: string, cause: unknown) {
    const said = cause instanceof Error ? cause.message : String(cause)
    super(`The offset store of the stream '${stream}' failed to ${operation}: ${said}`, { cause })
    this.operation = operation
  }
}
