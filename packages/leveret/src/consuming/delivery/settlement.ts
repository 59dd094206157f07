import type { Failure } from '../../errors/failure.js'
import type { DeadLetterReason } from '../../headers/dead-letter-reason.js'

/**
 * The settlement of a delivery:
 * - `acked`: acknowledged (`basic.ack`)
 * - `retried`: waits for its next attempt, as a copy in a delay queue, or with native retry in its own queue
 * - `dead-lettered`: its copy is in the dead-letter queue, or the broker dead-letters it
 * - `dropped`: given up; the contract keeps no dead letters, or the delivery was acknowledged before its handler began
 * - `ignored`: acknowledged without being handled, because the contract does not know the message
 * - `skipped`: acknowledged without being handled, because the message is a duplicate of a finished one
 * - `postponed`: comes again later, because the message is a duplicate of one that is being handled
 * - `requeued`: given back to its queue (`basic.nack(requeue=true)`), as a handler with `acknowledge: 'manual'` asked
 * - `given-back`: given back to its queue (`basic.nack(requeue=true)`) before it began, or because `close` ended its
 *   attempt; that is no failed attempt
 * - `stale`: its channel was lost first. The broker delivers it again, unless it had processed the ack of
 *   `acknowledge: 'none'`
 * - `stuck`: its copy can never be stored, so it stays unacknowledged. Nothing is lost, and the prefetch has one place
 *   less
 */
export type Settlement =
  | { readonly did: 'acked' | 'requeued' | 'given-back' | 'ignored' | 'skipped' | 'stale' }
  | { readonly did: 'postponed'; readonly afterMs: number }
  | { readonly did: 'retried'; readonly afterMs: number; readonly failure: Failure }
  | { readonly did: 'dead-lettered' | 'dropped'; readonly reason: DeadLetterReason; readonly failure: Failure }
  | { readonly did: 'stuck'; readonly error: Error }

/** The name of a settlement. */
export type SettlementName = Settlement['did']
