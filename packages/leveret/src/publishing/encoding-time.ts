import { unlessAborted, within } from '../async/timing.js'
import { publishError } from '../errors/publish-failures.js'
import type { Intercepted } from './interception.js'

/**
 * Waits for a payload whose schema or codec is asynchronous, within the time of its request.
 *
 * @param closed - aborted when nothing more is sent
 * @throws {@link PayloadError} what the schema or the codec refuses; a {@link PublishError} when they do not answer in time
 */
export async function encodedInTime(
  encoding: Promise<Buffer>,
  { message, timeoutMs, signal }: Intercepted,
  closed: AbortSignal,
): Promise<Buffer> {
  const late = (): Error =>
    publishError(
      'not-sent',
      message,
      `it could not be handed over within ${timeoutMs} ms: its schema or codec has not answered`,
      {
        retryable: true,
      },
    )
  const wanted = signal === undefined ? encoding : unlessAborted(signal, encoding)
  try {
    return await within(timeoutMs, unlessAborted(closed, wanted), late)
  } catch (cause) {
    if (signal?.aborted && cause === signal.reason) {
      throw publishError('not-sent', message, 'its signal was aborted', { cause, retryable: true })
    }
    if (closed.aborted && cause === closed.reason) {
      throw publishError('not-sent', message, 'the connection has been closed', { cause, retryable: false })
    }
    throw cause
  }
}
