import type { LanePurpose, LaneState } from './lane-state.js'

/** How one role is doing. */
export interface RoleHealth {
  readonly role: 'producer' | 'worker' | 'publisher' | 'subscriber' | 'rpc-client' | 'rpc-server'
  /** Name of its contract. */
  readonly name: string
  /** It does what it is there for: a worker is consuming, a producer's queue is not refused. */
  readonly ready: boolean
  /** Consumers only: whether the broker delivers to it. RPC clients: once something was called. */
  readonly attached?: boolean
  /** Handlers running, messages waiting for their confirm, or calls waiting for their reply. */
  readonly inFlight: number
  /**
   * Consumers: handlers that ended after their time was up, so far. RPC clients: replies that came when nobody waited for them
   * any more. Dropped, both.
   */
  readonly late?: number
  /** Consumers only: handlers that were given up when their time was up, and still run. */
  readonly hung?: number
  /** Consumers only: deliveries that are handled and stay unacknowledged, because the broker refuses their copy, or never can store it. */
  readonly heldUp?: number
  /** RPC clients only: replies to nothing that was asked, so far. They were dropped. */
  readonly unknown?: number
  /** Consumers only: when the last delivery came, or the last reply. */
  readonly lastDeliveryAt?: Date
  /** Publishers only: messages that no queue was bound for, so far. */
  readonly unrouted?: number
  /** Why it is not ready. */
  readonly why?: string
}

/** The state of a connection as a whole: that of the worse of its two lanes. */
export type ConnectionState = Exclude<LaneState, 'idle'>

/** How one of the two TCP connections is doing. */
export interface LaneHealth {
  readonly state: LaneState
  /** Why it is not ready. */
  readonly why?: string
}

/** A snapshot. Nothing was opened, asked or waited for to make it. */
export interface Health {
  /** False only when closed: leveret itself goes on trying for ever, so a restart would mend nothing. */
  readonly live: boolean
  /** Connected, not blocked by an alarm, and every role ready. */
  readonly ready: boolean
  readonly state: ConnectionState
  /** Why it is not ready. */
  readonly why?: string
  readonly lanes: Readonly<Record<LanePurpose, LaneHealth>>
  readonly roles: readonly RoleHealth[]
}

/** The health of a lane: a reason is there only where there is one. */
export function laneHealth({ state, why }: { state: LaneState; why: string | undefined }): LaneHealth {
  return why === undefined ? { state } : { state, why }
}
