import type { QueuedMessages } from '../../connection/queued-messages.js'
import { tooLarge } from '../../errors/publish-failures.js'
import type { PublishRequest } from './request.js'

/** Reason for not accepting a message at all. */
export interface Refusal {
  readonly why: string
  readonly retryable: boolean
  readonly cause?: unknown
}

/** Facts that decide about a refusal. */
export interface Circumstances {
  /** The reason why nothing more is taken. */
  closed: Error | undefined
  readonly maxMessageBytes: number
  readonly queued: Pick<QueuedMessages, 'count' | 'refusal'>
  /** Whether a message would be written at once. */
  isFree(): boolean
}

/** Decides whether a message is refused; `undefined` if it may wait for its turn. */
export function refusalOf(
  { message, timeoutMs, signal, failFast, patient, share }: PublishRequest,
  { closed, maxMessageBytes, queued, isFree }: Circumstances,
): Refusal | undefined {
  if (closed !== undefined) return { why: closed.message, retryable: false, cause: closed }
  const bytes = message.content.length
  if (signal?.aborted) return { why: 'its signal was aborted', retryable: true, cause: signal.reason }
  if (bytes > maxMessageBytes && timeoutMs !== Number.POSITIVE_INFINITY) {
    return { why: tooLarge(bytes, maxMessageBytes), retryable: false }
  }
  if (failFast === true && !isFree()) return { why: 'it would have to wait, and failFast is set', retryable: true }
  // A message of any allowed size has room if nothing else waits.
  const why = patient === true || queued.count === 0 ? undefined : queued.refusal(share, bytes)
  return why === undefined ? undefined : { why, retryable: true }
}
