import type { Diagnostics, LanePurpose } from 'leveret'
import { errorTypeOf } from '../failure.js'
import { ERROR_TYPE, LANE } from '../names.js'
import type { Subscriptions } from '../subscriptions.js'
import type { MetricSink } from './sink.js'

/** State of one of the two connections that a `connect` opens. */
interface LaneState {
  isUp: boolean
  isBlocked: boolean
  /** The reason of the last loss, until the connection is back; `undefined` otherwise. */
  lostBy: unknown
}

type On = Pick<Diagnostics[keyof Diagnostics], 'connection'> & { readonly lane: LanePurpose }

/**
 * Measures the connections of this process. Connections of one lane are measured together, because their names may be
 * random.
 */
export function measureConnections(sink: MetricSink, subscriptions: Subscriptions): void {
  const lanes = new Lanes(sink)
  subscriptions
    .on<Diagnostics['connected']>('leveret:connected', (event) => lanes.up(event))
    .on<Diagnostics['disconnected']>('leveret:disconnected', (event) => lanes.down(event, event.reason))
    .on<Diagnostics['blocked']>('leveret:blocked', (event) => lanes.block(event, true))
    .on<Diagnostics['unblocked']>('leveret:unblocked', (event) => lanes.block(event, false))
    .on<Diagnostics['closed']>('leveret:closed', ({ connection }) => lanes.close(connection))
    .on<Diagnostics['channel-lost']>('leveret:channel-lost', ({ lane, reason }) =>
      sink.add('leveret.channel.lost', 1, { [LANE]: lane, [ERROR_TYPE]: errorTypeOf(reason) }),
    )
    .on<Diagnostics['event-loop-blocked']>('leveret:event-loop-blocked', ({ blockedMs }) =>
      sink.record('leveret.event_loop.blocked', blockedMs / 1_000, {}),
    )
}

class Lanes {
  readonly #sink: MetricSink
  readonly #states: Record<LanePurpose, Map<string, LaneState>> = { publish: new Map(), consume: new Map() }

  constructor(sink: MetricSink) {
    this.#sink = sink
  }

  up(event: On): void {
    const { lane } = event
    const state = this.#stateOf(event)
    if (state.lostBy !== undefined) {
      this.#sink.add('leveret.connection.reconnects', 1, { [LANE]: lane, [ERROR_TYPE]: errorTypeOf(state.lostBy) })
    }
    Object.assign(state, { isUp: true, isBlocked: false, lostBy: undefined })
    this.#tell(lane)
  }

  down(event: On, reason: unknown): void {
    Object.assign(this.#stateOf(event), { isUp: false, isBlocked: false, lostBy: reason })
    this.#tell(event.lane)
  }

  block(event: On, isBlocked: boolean): void {
    this.#stateOf(event).isBlocked = isBlocked
    this.#tell(event.lane)
  }

  /** Forgets a connection that was closed on purpose, so that it does not count as missing. */
  close(connection: string): void {
    for (const lane of ['publish', 'consume'] as const) if (this.#states[lane].delete(connection)) this.#tell(lane)
  }

  #stateOf({ connection, lane }: On): LaneState {
    const states = this.#states[lane]
    const known = states.get(connection) ?? { isUp: false, isBlocked: false, lostBy: undefined }
    states.set(connection, known)
    return known
  }

  #tell(lane: LanePurpose): void {
    const states = [...this.#states[lane].values()]
    const isUp = states.every((state) => state.isUp)
    this.#sink.record('leveret.connection.up', isUp ? 1 : 0, { [LANE]: lane })
    this.#sink.record('leveret.connection.blocked', states.some((state) => state.isBlocked) ? 1 : 0, { [LANE]: lane })
  }
}
