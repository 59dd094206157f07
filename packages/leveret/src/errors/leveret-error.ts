import { isMarked, MARK } from './marks.js'

/**
 * The base class of every error that leveret throws or rejects with.
 *
 * `name` identifies the class, also when two copies of the package are installed. `cause` holds the underlying error.
 */
export abstract class LeveretError extends Error {
  abstract override readonly name: string
  /** Whether the same call can succeed later without a change of code, topology or rights. */
  abstract readonly retryable: boolean

  /** @internal */
  get [MARK](): 'error' {
    return 'error'
  }
}

/** Whether an error is one of leveret's, from any copy of the package. */
export function isLeveretError(thrown: unknown): thrown is Pick<LeveretError, 'retryable'> {
  return isMarked(thrown, 'error')
}

/** Options of a {@link LeveretError}. */
export interface FailureOptions extends ErrorOptions {
  /** Whether the same call can succeed later. @defaultValue what the error's other parts say */
  readonly retryable?: boolean | undefined
}
