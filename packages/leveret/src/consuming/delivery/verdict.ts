import type { QueueContract } from '../../contract/queues/queue-contract.js'
import { nativeDelayMs } from '../../contract/queues/retry.js'
import { describeFailure, type Failure } from '../../errors/failure.js'
import type { Issue } from '../../errors/issue.js'
import { isMarked } from '../../errors/marks.js'
import { PayloadError } from '../../errors/payload-error.js'
import type { DeadLetterReason } from '../../headers/dead-letter-reason.js'
import { ladderStepMs, MAX_DELAY_MS } from '../../topology/delay-ladder.js'
import { UnknownMessage } from './handler-errors.js'

/**
 * The decision about a delivery, made from the way in which its attempt ended:
 * - `ack`: acknowledge it
 * - `requeue`: give it back to its queue, because its handler asked for that
 * - `give-back`: give it back to its queue, because the attempt does not count
 * - `ignore`: acknowledge it, because the contract does not know the message
 * - `skip`: acknowledge it, because the message is a duplicate of a finished one
 * - `postpone`: store a copy that waits for the same attempt, because a duplicate is being handled
 * - `retry`: store a copy that waits for the next attempt
 * - `hold-back`: let the broker delay it until the next attempt
 * - `dead-letter`: give it up
 */
export type Verdict =
  | { readonly do: 'ack' | 'requeue' | 'give-back' | 'ignore' | 'skip' }
  | { readonly do: 'postpone'; readonly afterMs: number }
  | { readonly do: 'retry' | 'hold-back'; readonly afterMs: number; readonly failure: Failure }
  | {
      readonly do: 'dead-letter'
      readonly reason: DeadLetterReason
      readonly failure: Failure
      /** The problems of an invalid payload. */
      readonly issues?: readonly Issue[]
    }

/** The properties of a delivery that decide whether its attempt counts. */
export interface Counting {
  readonly end: { readonly how: 'lost' | 'closing' | 'late'; readonly reason: Error } | undefined
  readonly isAcknowledged: boolean
  readonly attempt: number
}

/**
 * Decides the effect of an attempt that has ended. An attempt whose time is up has failed, whatever its handler then
 * returns or throws. One whose channel was lost, or that `close` ended, does not count. A delivery that was
 * acknowledged first cannot be given back.
 */
export function countedVerdict(
  verdict: Verdict,
  { end, isAcknowledged, attempt }: Counting,
  judged: (thrown: unknown, attempt: number) => Verdict,
): Verdict {
  if (end === undefined) return verdict
  if (end.how === 'late') return judged(end.reason, attempt)
  return isAcknowledged ? verdict : { do: 'give-back' }
}

/** The part of a contract that decides about failed attempts. */
export type RetryRules = Pick<QueueContract, 'retry' | 'onInvalid'>

/**
 * Decides about an error that a handler threw.
 *
 * @param attempt - the number of the failed attempt, from 1
 */
export function judge(thrown: unknown, attempt: number, rules: RetryRules): Verdict {
  try {
    return decide(thrown, attempt, rules)
  } catch {
    // A proxy or a getter may throw when it is read. The error is then treated as an object without properties.
    return decide({}, attempt, rules)
  }
}

/**
 * Decides about a delivery that could not be read, before a handler got it. Only here does a `PayloadError` concern the
 * delivery: if a handler throws one, it may concern the reply of another program.
 */
export function judgeUnread(thrown: unknown, attempt: number, rules: RetryRules): Verdict {
  // A schema that failed itself, or a codec that threw Retry, may succeed later. So its error is judged like a
  // handler's.
  if (isRecoverable(thrown)) return judge(thrown.cause, attempt, rules)
  const reason = reasonOf(thrown)
  if (reason === undefined) return judge(thrown, attempt, rules)
  if (thrown instanceof UnknownMessage && thrown.policy === 'ignore') return { do: 'ignore' }
  const failure = describeFailure(thrown)
  const isFinal = thrown instanceof UnknownMessage ? thrown.policy === 'dead-letter' : rules.onInvalid === 'dead-letter'
  const next = isFinal ? undefined : nextAttempt(attempt, rules.retry)
  if (next !== undefined) return { ...next, failure }
  return { do: 'dead-letter', reason, failure, ...(thrown instanceof PayloadError ? { issues: thrown.issues } : {}) }
}

function isRecoverable(thrown: unknown): thrown is PayloadError {
  return thrown instanceof PayloadError && thrown.retryable
}

/** The dead-letter reason, if the error concerns the delivery itself. */
function reasonOf(thrown: unknown): 'unknown-message' | 'invalid-payload' | undefined {
  if (thrown instanceof UnknownMessage) return 'unknown-message'
  return thrown instanceof PayloadError ? 'invalid-payload' : undefined
}

function decide(thrown: unknown, attempt: number, { retry }: RetryRules): Verdict {
  const failure = describeFailure(thrown)
  if (isMarked(thrown, 'reject')) return { do: 'dead-letter', reason: 'rejected', failure }
  const next = nextAttempt(attempt, retry)
  if (next === undefined) return { do: 'dead-letter', reason: 'attempts-exhausted', failure }
  // With native retry, the queue sets the delays, and they are equal for all messages.
  const afterMs = next.do === 'retry' && isMarked(thrown, 'retry') ? (wishOf(thrown) ?? next.afterMs) : next.afterMs
  return { do: next.do, afterMs, failure }
}

/**
 * The delay that a `Retry` asks for, rounded up to one that has a delay queue; `undefined` when `afterMs` was changed
 * to an invalid value.
 */
function wishOf({ afterMs }: { readonly afterMs?: unknown }): number | undefined {
  return typeof afterMs === 'number' && afterMs >= 0 && afterMs <= MAX_DELAY_MS ? ladderStepMs(afterMs) : undefined
}

/** @returns `undefined` when no attempt is left */
function nextAttempt(
  attempt: number,
  retry: RetryRules['retry'],
): { readonly do: 'retry' | 'hold-back'; readonly afterMs: number } | undefined {
  if (retry === false) return undefined
  if ('native' in retry) {
    const { native } = retry
    return attempt < native.attempts ? { do: 'hold-back', afterMs: nativeDelayMs(native, attempt) } : undefined
  }
  const afterMs = retry.delaysMs[attempt - 1]
  return afterMs === undefined ? undefined : { do: 'retry', afterMs }
}
