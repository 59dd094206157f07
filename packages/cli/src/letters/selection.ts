import type { DeadLetter } from 'leveret'
import { contentOf } from './view.js'
import { holds, type Where } from './where.js'

/** The choice of letters. An option that is not given holds for all. */
export interface SelectionOptions {
  readonly reason?: readonly string[] | undefined
  /** Is in the name or the message of the error. */
  readonly error?: string | undefined
  /** Milliseconds: not older than that. */
  readonly since?: number | undefined
  readonly id?: readonly string[] | undefined
  readonly where?: readonly Where[] | undefined
}

/** Whether anything narrows the choice. */
export function isNarrow({ reason, error, since, id, where }: SelectionOptions): boolean {
  return [reason, error, since, id, where].some((option) => option !== undefined)
}

/** Makes the choice that options describe. A letter that does not say when it died is not of the last hours. */
export function selectionOf(
  { reason, error, since, id, where }: SelectionOptions,
  now = Date.now(),
): (letter: DeadLetter<unknown>) => boolean {
  return (letter) =>
    (reason?.includes(letter.reason) ?? true) &&
    (error === undefined || `${letter.error?.name ?? ''}: ${letter.error?.message ?? ''}`.includes(error)) &&
    (since === undefined || (letter.deadLetteredAt?.getTime() ?? 0) >= now - since) &&
    (id?.includes(letter.messageId ?? '') ?? true) &&
    (where?.every((condition) => holds(condition, subjectOf(letter))) ?? true)
}

/** The parts of a letter that `--where` may ask of. */
function subjectOf(letter: DeadLetter<unknown>): unknown {
  const { payload } = contentOf(letter.content)
  const {
    messageId,
    reason,
    error,
    attempts,
    replays,
    queue,
    exchange,
    routingKey,
    headers,
    correlationId,
    deadLetteredAt,
  } = letter
  return {
    payload,
    messageId,
    reason,
    error,
    attempts,
    replays,
    queue,
    exchange,
    routingKey,
    headers,
    correlationId,
    deadLetteredAt: deadLetteredAt?.toISOString(),
  }
}
