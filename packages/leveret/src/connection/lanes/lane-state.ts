import type { ConnectionError } from '../../errors/connection-error.js'
import type { LeveretError } from '../../errors/leveret-error.js'

/** What a lane carries. They are kept apart so that a blocked publisher never stops an ack. */
export type LanePurpose = 'publish' | 'consume'

/**
 * - `idle`: not needed yet
 * - `connecting`: before its first connection
 * - `ready`
 * - `blocked`: connected, and the broker takes no publishes because of an alarm
 * - `reconnecting`: lost, and being opened again
 * - `closed`
 */
export type LaneState = 'idle' | 'connecting' | 'ready' | 'blocked' | 'reconnecting' | 'closed'

/** What happens to a lane. */
export interface LaneEvents {
  readonly connected: { readonly address: string; readonly brokerVersion: string }
  readonly disconnected: { readonly reason: LeveretError }
  /** A try failed; the next follows. */
  readonly 'connect-failed': { readonly reason: ConnectionError; readonly attempt: number }
  readonly blocked: { readonly reason: string }
  readonly unblocked: object
  /** A new secret could not be had, or not be handed over. It is tried again; the connection stands. */
  readonly 'credentials-failed': { readonly reason: LeveretError }
}
