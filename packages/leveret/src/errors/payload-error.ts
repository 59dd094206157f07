import { describeIssue, type Issue } from './issue.js'
import { type FailureOptions, LeveretError } from './leveret-error.js'

/**
 * A payload does not fit its contract. Correct the data. An outgoing payload was not sent.
 *
 * If the schema itself failed, or the codec threw `Retry`, there is no verdict on the payload: then `cause` is what was
 * thrown, and the error is `retryable`.
 */
export class PayloadError extends LeveretError {
  override readonly name = 'PayloadError'
  readonly retryable: boolean
  readonly direction: 'outgoing' | 'incoming'
  /** Name of the contract. */
  readonly contract: string
  readonly issues: readonly Issue[]

  constructor(
    direction: 'outgoing' | 'incoming',
    contract: string,
    issues: readonly Issue[],
    options?: FailureOptions,
  ) {
    const [what, end] =
      direction === 'outgoing'
        ? ['The payload was not sent to', '']
        : ['A payload received from', options?.retryable === true ? ' could not be read' : ' does not fit']
    super(`${what} '${contract}'${end}: ${issues.map(describeIssue).join('; ')}`, options)
    this.direction = direction
    this.contract = contract
    this.issues = issues
    this.retryable = options?.retryable ?? false
  }
}
