import type { DeadLetter } from 'leveret'
import { contentOf } from './view.js'
import { holds, type Where } from './where.js'

/** Options that select letters. An absent option selects all. */
export interface SelectionOptions {
  readonly reason?: readonly string[] | undefined
  /** A text in the name or the message of the error. */
  readonly error?: string | undefined
  /** The greatest age, in milliseconds. */
  readonly since?: number | undefined
  readonly id?: readonly string[] | undefined
  readonly where?: readonly Where[] | undefined
}

/** Whether any option narrows the selection. */
export function isNarrow({ reason, error, since, id, where }: SelectionOptions): boolean {
  return [reason, error, since, id, where].some((option) => option !== undefined)
}

/** Makes the selection that options describe. A letter without a time of death is not recent. */
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

/** Returns the parts of a letter that `--where` may test. */
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
