import type { Room } from '../connection/room.js'
import { tooLarge } from '../errors/publish-failures.js'
import type { PublishRequest } from './request.js'

/** Why a message is not taken at all. */
export interface Refusal {
  readonly why: string
  readonly retryable: boolean
  readonly cause?: unknown
}

/** What decides over that. */
export interface Circumstances {
  readonly maxMessageBytes: number
  readonly room: Pick<Room, 'refusal'>
  /** Whether a message would be written at once. */
  isFree(): boolean
}

/** Whether a message is taken, to wait for its turn. */
export function refusalOf(
  { message, timeoutMs, signal, failFast, patient, share }: PublishRequest,
  { maxMessageBytes, room, isFree }: Circumstances,
): Refusal | undefined {
  const bytes = message.content.length
  if (signal?.aborted) return { why: 'its signal was aborted', retryable: true, cause: signal.reason }
  if (bytes > maxMessageBytes && timeoutMs !== Number.POSITIVE_INFINITY) {
    return { why: tooLarge(bytes, maxMessageBytes), retryable: false }
  }
  if (failFast === true && !isFree()) return { why: 'it would have to wait, and failFast is set', retryable: true }
  const why = patient === true ? undefined : room.refusal(share, bytes)
  return why === undefined ? undefined : { why, retryable: true }
}
