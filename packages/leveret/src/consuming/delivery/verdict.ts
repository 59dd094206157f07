import type { QueueContract } from '../../contract/queues/queue-contract.js'
import { nativeDelayMs } from '../../contract/queues/retry.js'
import { type Issue, PayloadError } from '../../errors/errors.js'
import { describeFailure, type Failure } from '../../errors/failure.js'
import { isMarked } from '../../errors/marks.js'
import type { DeadLetterReason } from '../../headers/dead-letter-reason.js'
import { ladderStepMs, MAX_DELAY_MS } from '../../topology/delay-ladder.js'
import { UnknownMessage } from './handler-errors.js'

/**
 * What to do with a delivery, decided from how its attempt ended:
 * - `requeue`: back to its queue, because its handler said so
 * - `give-back`: back to its queue, because the attempt does not count
 * - `ignore`: it is nothing that is handled here
 * - `skip`: it is a duplicate of what has been done
 * - `postpone`: it is a duplicate of what is being done: a copy waits for the same attempt
 * - `retry`: a copy waits for the next attempt
 * - `hold-back`: the broker itself holds it back until then
 */
export type Verdict =
  | { readonly do: 'ack' | 'requeue' | 'give-back' | 'ignore' | 'skip' }
  | { readonly do: 'postpone'; readonly afterMs: number }
  | { readonly do: 'retry' | 'hold-back'; readonly afterMs: number; readonly failure: Failure }
  | {
      readonly do: 'dead-letter'
      readonly reason: DeadLetterReason
      readonly failure: Failure
      /** What is wrong with an invalid payload. */
      readonly issues?: readonly Issue[]
    }

/** What decides whether an attempt counts. */
export interface Counting {
  readonly end: { readonly how: 'lost' | 'closing' | 'late'; readonly reason: Error } | undefined
  readonly isAcknowledged: boolean
  readonly attempt: number
}

/**
 * Decides what the end of an attempt means. When its time is up it has failed, whatever its handler then returns or throws. When its
 * channel is lost or `close` has ended it, it does not count at all. What was acknowledged first cannot be given back.
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

/** The part of a contract that decides. */
export type RetryRules = Pick<QueueContract, 'retry' | 'onInvalid'>

/**
 * Judges what a handler has thrown.
 *
 * @param attempt - the one that failed, from 1
 */
export function judge(thrown: unknown, attempt: number, rules: RetryRules): Verdict {
  try {
    return decide(thrown, attempt, rules)
  } catch {
    // A proxy or a getter may throw when it is looked at. Then it is an object, and no more is known.
    return decide({}, attempt, rules)
  }
}

/**
 * Judges why a delivery could not be read, before any handler had it. Only here a `PayloadError` is about the delivery: one that a
 * handler throws may be about the answer of somebody else.
 */
export function judgeUnread(thrown: unknown, attempt: number, rules: RetryRules): Verdict {
  // A schema that failed by itself may succeed later: what it failed with is judged as a handler's failure is.
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

/** What is wrong with the delivery itself, if that is what was thrown. */
function reasonOf(thrown: unknown): 'unknown-message' | 'invalid-payload' | undefined {
  if (thrown instanceof UnknownMessage) return 'unknown-message'
  return thrown instanceof PayloadError ? 'invalid-payload' : undefined
}

function decide(thrown: unknown, attempt: number, { retry }: RetryRules): Verdict {
  const failure = describeFailure(thrown)
  if (isMarked(thrown, 'reject')) return { do: 'dead-letter', reason: 'rejected', failure }
  const next = nextAttempt(attempt, retry)
  if (next === undefined) return { do: 'dead-letter', reason: 'attempts-exhausted', failure }
  // The broker's pauses are the queue's, the same for every message.
  const afterMs = next.do === 'retry' && isMarked(thrown, 'retry') ? (wishOf(thrown) ?? next.afterMs) : next.afterMs
  return { do: next.do, afterMs, failure }
}

/** The delay that a `Retry` asks for, as a step that has a queue; `undefined` where somebody has made it one that there is not. */
function wishOf({ afterMs }: { readonly afterMs?: unknown }): number | undefined {
  return typeof afterMs === 'number' && afterMs >= 0 && afterMs <= MAX_DELAY_MS ? ladderStepMs(afterMs) : undefined
}

/** @returns `undefined` when there is none */
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
