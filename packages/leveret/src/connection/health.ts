import type { LanePurpose, LaneState } from './lanes/lane-state.js'

/** How one role is doing. */
export interface RoleHealth {
  readonly role: 'producer' | 'worker' | 'publisher' | 'subscriber' | 'rpc-client' | 'rpc-server'
  /** Name of its contract. */
  readonly name: string
  /** It does what it is there for: a worker is consuming, a producer's queue is not refused. */
  readonly ready: boolean
  /**
   * Producers, publishers and RPC clients: how many of this contract are open, where there is more than one. They are one entry: ready
   * when all are, with the sums of their numbers.
   */
  readonly count?: number
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

/** The state of a connection as a whole: that of the worse of its two lanes; `closing` from the call of `close` until that is done. */
export type ConnectionState = Exclude<LaneState, 'idle'> | 'closing'

/** How one of the two TCP connections is doing. */
export interface LaneHealth {
  readonly state: LaneState
  /** Why it is not ready. */
  readonly why?: string
}

/** A snapshot. Nothing was opened, asked or waited for to make it. */
export interface Health {
  /**
   * For a liveness probe. False only when `close` is done: until then handlers finish their work, and leveret goes on trying to connect
   * for ever, so a restart would mend nothing and cost what is in hand.
   */
  readonly live: boolean
  /** For a readiness or startup probe. Connected, not blocked by an alarm, not closing, and every role ready. */
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

/** Roles of which one is enough for any number of calls. Where there are more, nobody asks which of them. */
const SENDERS: ReadonlySet<RoleHealth['role']> = new Set(['producer', 'publisher', 'rpc-client'])

/** Makes one entry of all senders of one contract, so that a snapshot stays small however many there are. */
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
