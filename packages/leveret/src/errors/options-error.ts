import type { Issue } from './issue.js'
import { LeveretError } from './leveret-error.js'

/** An argument or option is wrong. Nothing was done. Fix the call. */
export class OptionsError extends LeveretError {
  override readonly name = 'OptionsError'
  readonly retryable = false
  readonly issues: readonly Issue[]

  constructor(message: string, issues: readonly Issue[] = [], options?: ErrorOptions) {
    super(message, options)
    this.issues = issues
  }
}
