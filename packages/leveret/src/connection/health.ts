import type { LanePurpose, LaneState } from './lanes/lane-state.js'

/** Health of one role. */
export interface RoleHealth {
  readonly role: 'producer' | 'worker' | 'publisher' | 'subscriber' | 'rpc-client' | 'rpc-server'
  /** Name of the role's contract. */
  readonly name: string
  /** Whether the role works: a worker is consuming, a producer's queue is not refused. */
  readonly ready: boolean
  /**
   * Producers, publishers and RPC clients: how many of this contract are open, if more than one. They share one entry:
   * it is ready when all are, and its numbers are sums.
   */
  readonly count?: number
  /**
   * Consumers: whether the broker delivers to the consumer. RPC clients: whether requests can be sent; missing before
   * the first call.
   */
  readonly attached?: boolean
  /** How many handlers are running, messages await their confirm, or calls await their reply. */
  readonly inFlight: number
  /**
   * Consumers: how many handlers ended after their time was up, so far. RPC clients: how many replies came too late.
   * Both were dropped.
   */
  readonly late?: number
  /** Consumers only: how many handlers still run although their time is up. */
  readonly hung?: number
  /**
   * Consumers only: how many deliveries stay unacknowledged after their handler ended, because the broker refuses their
   * copy or can never store it.
   */
  readonly heldUp?: number
  /** RPC clients only: how many replies matched no call, so far. They were dropped. */
  readonly unknown?: number
  /** Consumers: time of the last delivery. RPC clients: time of the last reply. */
  readonly lastDeliveryAt?: Date
  /** Publishers only: how many messages no queue was bound for, so far. */
  readonly unrouted?: number
  /** Reason for which the role is not ready. */
  readonly why?: string
}

/**
 * State of a connection: that of the worse of its two lanes, or `closing` from the call of `close` until it has
 * finished.
 */
export type ConnectionState = Exclude<LaneState, 'idle'> | 'closing'

/** Health of one of the two TCP connections. */
export interface LaneHealth {
  readonly state: LaneState
  /** Reason for which the lane is not ready. */
  readonly why?: string
}

/** A snapshot of a connection's health. It is made without opening, asking or waiting for anything. */
export interface Health {
  /**
   * Result for a liveness probe. False only after `close` has finished. Until then handlers finish their work, and
   * leveret goes on trying to connect, so a restart would repair nothing and lose running work.
   */
  readonly live: boolean
  /** Result for a readiness or startup probe: connected, not blocked by an alarm, not closing, and every role ready. */
  readonly ready: boolean
  readonly state: ConnectionState
  /** Reason for which the connection is not ready. */
  readonly why?: string
  readonly lanes: Readonly<Record<LanePurpose, LaneHealth>>
  readonly roles: readonly RoleHealth[]
}

/** Returns the health of a lane, with a reason only if there is one. */
export function laneHealth({ state, why }: { state: LaneState; why: string | undefined }): LaneHealth {
  return why === undefined ? { state } : { state, why }
}

/** Roles that serve any number of calls. Several of one contract are reported together. */
const SENDERS: ReadonlySet<RoleHealth['role']> = new Set(['producer', 'publisher', 'rpc-client'])

/** Merges all senders of one contract into one entry, so that a snapshot stays small. */
export function merged(roles: readonly RoleHealth[]): readonly RoleHealth[] {
  const entries = new Map<unknown, RoleHealth>()
  for (const role of roles) {
    const key = SENDERS.has(role.role) ? `${role.role} ${role.name}` : role
    const known = entries.get(key)
    entries.set(key, known === undefined ? role : together(known, role))
  }
  return [...entries.values()]
}

function together(one: RoleHealth, other: RoleHealth): RoleHealth {
  const worse = one.ready ? other : one
  const sums = (['late', 'unknown', 'unrouted'] as const).flatMap((name) =>
    one[name] === undefined ? [] : [[name, one[name] + (other[name] ?? 0)]],
  )
  const attached = [one.attached, other.attached].filter((value) => value !== undefined)
  const times = [one.lastDeliveryAt, other.lastDeliveryAt].filter((value) => value !== undefined)
  return {
    role: one.role,
    name: one.name,
    ready: one.ready && other.ready,
    count: (one.count ?? 1) + 1,
    ...(attached.length === 0 ? {} : { attached: !attached.includes(false) }),
    inFlight: one.inFlight + other.inFlight,
    ...Object.fromEntries(sums),
    ...(times.length === 0 ? {} : { lastDeliveryAt: new Date(Math.max(...times.map(Number))) }),
    ...(worse.why === undefined ? {} : { why: worse.why }),
  }
}
