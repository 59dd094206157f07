import { describeIssue, type Issue } from './issue.js'
import { type FailureOptions, LeveretError } from './leveret-error.js'

/**
 * A payload does not fit its contract. Fix the data. An outgoing one was not sent.
 *
 * Where the schema itself has failed, it has not said that: `cause` is what it threw, and the error is `retryable`.
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
    const verb = direction === 'outgoing' ? 'The payload was not sent to' : 'A payload received from'
    super(
      `${verb} '${contract}'${direction === 'outgoing' ? ':' : ' does not fit:'} ${issues.map(describeIssue).join('; ')}`,
      options,
    )
    this.direction = direction
    this.contract = contract
    this.issues = issues
    this.retryable = options?.retryable ?? false
  }
}
