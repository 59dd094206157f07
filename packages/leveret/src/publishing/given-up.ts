import { unlessAborted, within } from '../async/timing.js'
import type { PublishError } from '../errors/publish-error.js'
import { type Addressed, publishError } from '../errors/publish-failures.js'
import type { PublishRequest } from './engine/request.js'

/** A message was given up while the program's own code was waited for. */
export class GivenUp extends Error {
  readonly retryable: boolean

  constructor(why: string, retryable: boolean, options?: ErrorOptions) {
    super(why, options)
    this.retryable = retryable
  }

  /** The error of this message, which never left the process. */
  notSent(message: Addressed): PublishError {
    return publishError('not-sent', message, this.message, { cause: this.cause, retryable: this.retryable })
  }
}

/** Bounds of the wait for the program's own code: a schema, a codec or an interceptor. */
export interface Patience extends Pick<PublishRequest, 'timeoutMs' | 'signal'> {
  /** Aborted when nothing more is sent. */
  readonly closed?: AbortSignal | undefined
  /** The message of the error when the time is up. */
  readonly late: string
}

/**
 * Waits for the program's own code, within the time of its message.
 *
 * @throws {@link GivenUp} if the time is up, the signal was aborted, or nothing more is sent; otherwise the error that
 * the work rejects with
 */
export async function unlessGivenUp<T>(work: Promise<T>, { timeoutMs, signal, closed, late }: Patience): Promise<T> {
  const signalled = signal === undefined ? work : unlessAborted(signal, work)
  const wanted = closed === undefined ? signalled : unlessAborted(closed, signalled)
  try {
    return await within(timeoutMs, wanted, () => new GivenUp(late, true))
  } catch (cause) {
    if (signal?.aborted && cause === signal.reason) throw new GivenUp('its signal was aborted', true, { cause })
    if (closed?.aborted && cause === closed.reason) {
      throw new GivenUp('the connection has been closed', false, { cause })
    }
    throw cause
  }
}

/** The same for a schema or a codec. @throws {@link PublishError} it was given up; else what the work rejects with */
export async function encodedInTime<T>(
  encoding: Promise<T>,
  message: Addressed,
  patience: Omit<Patience, 'late'>,
): Promise<T> {
  const late = `it could not be encoded within ${patience.timeoutMs} ms: its schema or codec did not finish`
  try {
    return await unlessGivenUp(encoding, { ...patience, late })
  } catch (error) {
    throw error instanceof GivenUp ? error.notSent(message) : error
  }
}
