import { isMarked, MARK } from './marks.js'

/**
 * The root of every error that leveret throws or rejects with.
 *
 * `name` tells the classes apart, also when two copies of the package are installed. `cause` holds what lies beneath.
 */
export abstract class LeveretError extends Error {
  abstract override readonly name: string
  /** Whether the same call can succeed later without anybody changing code, topology or rights. */
  abstract readonly retryable: boolean

  /** @internal */
  get [MARK](): 'error' {
    return 'error'
  }
}

/** Whether it is one of leveret's, of whichever copy of the package. */
export function isLeveretError(thrown: unknown): thrown is Pick<LeveretError, 'retryable'> {
  return isMarked(thrown, 'error')
}

/** What else is known of a failure. */
export interface FailureOptions extends ErrorOptions {
  /** Whether the same call can succeed later. @defaultValue what the error's other parts say */
  readonly retryable?: boolean | undefined
}
