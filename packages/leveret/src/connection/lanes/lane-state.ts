import type { ConnectionError } from '../../errors/connection-error.js'
import type { LeveretError } from '../../errors/leveret-error.js'

/** Purpose of a lane. Publishing and consuming are kept apart, so that a blocked publisher never stops an ack. */
export type LanePurpose = 'publish' | 'consume'

/**
 * - `idle`: not needed yet
 * - `connecting`: before its first connection
 * - `ready`
 * - `blocked`: connected, and the broker accepts no publishes because of an alarm
 * - `reconnecting`: lost, and being opened again
 * - `closed`
 */
export type LaneState = 'idle' | 'connecting' | 'ready' | 'blocked' | 'reconnecting' | 'closed'

/** Events of a lane. */
export interface LaneEvents {
  readonly connected: { readonly address: string; readonly brokerVersion: string }
  readonly disconnected: { readonly reason: LeveretError }
  /** An attempt to connect failed. The next one follows. */
  readonly 'connect-failed': { readonly reason: ConnectionError; readonly attempt: number }
  readonly blocked: { readonly reason: string }
  readonly unblocked: object
  /**
   * A new secret could not be obtained, or the broker did not take it. Another try follows; the connection stays open.
   */
  readonly 'credentials-failed': { readonly reason: LeveretError }
}
