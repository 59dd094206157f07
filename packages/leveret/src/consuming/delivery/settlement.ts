import type { Failure } from '../../errors/failure.js'
import type { DeadLetterReason } from '../../headers/dead-letter-reason.js'

/**
 * What became of a delivery:
 * - `acked`, `retried`, `dead-lettered`: settled
 * - `dropped`: given up, and the contract keeps no dead letters, or the delivery was acknowledged before its handler began
 * - `ignored`: acknowledged and not handled, because its contract does not know it
 * - `skipped`: acknowledged and not handled, because it is a duplicate of what has been done
 * - `postponed`: it comes again later, because it is a duplicate of what is being done
 * - `requeued`: given back to its queue, as a handler with `acknowledge: 'manual'` asked
 * - `given-back`: given back to its queue before it began, or because `close` ended its attempt; that is no failed attempt
 * - `stale`: its channel was lost first; the broker delivers it again, unless it was to be acknowledged first and had been
 * - `stuck`: its copy can never be stored, so it stays unacknowledged: nothing is lost, and one less is delivered
 */
export type Settlement =
  | { readonly did: 'acked' | 'requeued' | 'given-back' | 'ignored' | 'skipped' | 'stale' }
  | { readonly did: 'postponed'; readonly afterMs: number }
  | { readonly did: 'retried'; readonly afterMs: number; readonly failure: Failure }
  | { readonly did: 'dead-lettered' | 'dropped'; readonly reason: DeadLetterReason; readonly failure: Failure }
  | { readonly did: 'stuck'; readonly error: Error }

/** What became of a delivery, in a word. */
export type SettlementName = Settlement['did']
