import type { BrokerAddress } from '../amqp/endpoint.js'
import { OtherTracers } from '../amqp/other-tracers.js'
import type { Topic } from '../async/tracing.js'
import { ClosedError } from '../errors/closed-error.js'
import { insteadOfConnection } from '../errors/given.js'
import { MADE } from '../errors/marks.js'
import { OptionsError } from '../errors/options-error.js'
import { Events, type Listener } from '../events.js'
import { Log } from '../log.js'
import { parseOptions } from '../options.js'
import type { CloseTime } from './close-time.js'
import { type CloseOptions, Closing } from './closing.js'
import { type ConnectOptions, type ConnectSettings, connectOptions } from './connect-options.js'
import { type ConnectionEvents, connectionLines } from './connection-events.js'
import { defaultName } from './default-name.js'
import { diagnostics } from './diagnostics.js'
import { type ConnectionState, type Health, laneHealth } from './health.js'
import { hostsOf } from './host-options.js'
import { Hosts } from './lanes/hosts.js'
import { Lane } from './lanes/lane.js'
import type { LanePurpose } from './lanes/lane-state.js'
import { watchLoopLag } from './loop-lag.js'
import { closingOrder, type OpenRole } from './open-role.js'
import { OpenRoles } from './open-roles.js'
import { QueuedMessages } from './queued-messages.js'

/** Returns the internals of a connection, for roles and engines; not part of the public API. */
export let internalsOf: (connection: Connection) => ConnectionInternals

/** Opens a connection, for {@link connect}; not part of the public API. */
export let openConnection: (target: ConnectTarget, options: ConnectOptions | undefined) => Promise<Connection>

/**
 * A connection to RabbitMQ that reconnects by itself, with everything on it, until it is closed.
 *
 * It consists of two TCP connections, each opened on first need: one publishes, the other consumes. So a broker that
 * stops taking publishes (an alarm) still gets acks. Created by {@link connect}.
 */
export class Connection implements AsyncDisposable {
  readonly #internals: ConnectionInternals
  readonly #lanes: readonly Lane[]
  readonly #events = new Events<ConnectionEvents>()
  readonly #openRoles: OpenRoles
  readonly #closing = new Closing()
  readonly #stopWatching: () => void
  #isClosed = false

  static {
    internalsOf = (connection) => {
      if (connection instanceof Connection) return connection.#internals
      throw new OptionsError(insteadOfConnection(connection))
    }
    openConnection = async (target, options) => await Connection.#open(target, options)
  }

  private constructor(target: ConnectTarget, settings: ConnectSettings) {
    const { name = defaultName(), startupTimeoutMs } = settings
    const hosts = hostsOf(target, settings)
    const log = new Log(settings.logger, name)
    const tracers = new OtherTracers(settings.frames, log)
    const make = (purpose: LanePurpose): Lane =>
      this.#watched(
        new Lane({
          purpose,
          connection: name,
          hosts: new Hosts({ ...hosts, tracers, name: `${name} (${purpose})` }),
          startupTimeoutMs,
        }),
      )
    log.follow(this.#events, connectionLines)
    this.#openRoles = new OpenRoles((message) => log.warn(message))
    const heartbeats = hosts.endpoints.map((endpoint) => (endpoint.heartbeatSeconds ?? hosts.heartbeatSeconds) * 1_000)
    const heartbeat = { heartbeatMs: Math.min(...heartbeats) }
    this.#stopWatching = watchLoopLag(heartbeat.heartbeatMs, log, (blockedMs) =>
      this.#emit('event-loop-blocked', { blockedMs, ...heartbeat }),
    )
    const [publishLane, consumeLane] = [make('publish'), make('consume')]
    this.#lanes = [publishLane, consumeLane]
    this.#internals = {
      name,
      log,
      settings,
      publishLane,
      consumeLane,
      tracers,
      queued: new QueuedMessages(settings),
      assertOpen: () => {
        if (this.#closing.begun) throw new ClosedError('The connection has been closed')
      },
      register: (role) => this.#openRoles.add(role),
    }
  }

  static async #open(target: ConnectTarget, options: ConnectOptions = {}): Promise<Connection> {
    const connection = new Connection(target, parseOptions(connectOptions, options, 'connect'))
    const { publishLane, settings } = connection.#internals
    const started = publishLane.start()
    if (settings.startupTimeoutMs === Number.POSITIVE_INFINITY) {
      // A fatal reason shows in health(); no caller waits for it here.
      started.catch(() => undefined)
      return connection
    }
    try {
      await started
      return connection
    } catch (error) {
      await connection.close({ timeoutMs: LAST_STEP_MS })
      throw error
    }
  }

  get state(): ConnectionState {
    if (this.#isClosed) return 'closed'
    if (this.#closing.begun) return 'closing'
    const states = this.#lanes.map(({ state }) => state)
    for (const state of ['reconnecting', 'connecting', 'blocked', 'ready'] as const) {
      if (states.includes(state)) return state
    }
    return 'connecting'
  }

  /**
   * Reports the health of all parts, for probes: `live` for liveness, `ready` for readiness and startup. Opens nothing.
   *
   * @see https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
   */
  health(): Health {
    const { state } = this
    const roles = this.#openRoles.health()
    const lanes = {
      publish: laneHealth(this.#internals.publishLane),
      consume: laneHealth(this.#internals.consumeLane),
    }
    const trouble = lanes.publish.why ?? lanes.consume.why ?? roles.find((role) => !role.ready)?.why
    const why = state === 'closing' ? CLOSING : trouble
    const ready = state === 'ready' && roles.every((role) => role.ready)
    return { live: state !== 'closed', ready, state, ...(ready || why === undefined ? {} : { why }), lanes, roles }
  }

  on<Name extends keyof ConnectionEvents>(name: Name, listener: Listener<ConnectionEvents[Name]>): this {
    this.#events.on(name, listener)
    return this
  }

  once<Name extends keyof ConnectionEvents>(name: Name, listener: Listener<ConnectionEvents[Name]>): this {
    this.#events.once(name, listener)
    return this
  }

  off<Name extends keyof ConnectionEvents>(name: Name, listener: Listener<ConnectionEvents[Name]>): this {
    this.#events.off(name, listener)
    return this
  }

  /**
   * Finishes running work, then closes consumers, then publishing, then the TCP connections. After that, nothing of
   * leveret keeps the process alive. It works in every state. A second call returns the same promise, and ends
   * it sooner if its `timeoutMs` is over sooner.
   *
   * Inside a handler it resolves when all *other* handlers have ended; this delivery is not settled yet. Before a
   * `process.exit()`, call `close()` again outside the handler: that promise resolves when all is settled and closed.
   *
   * @param options.timeoutMs - after this time, handlers are aborted and their messages go back to the queue, and
   *   unconfirmed publishes fail. Default: 25 000
   */
  close(options?: CloseOptions): Promise<void> {
    return this.#closing.begin(options, this.#close, () => this.#openRoles.othersEnded())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** @internal */
  get [MADE](): 'connection' {
    return 'connection'
  }

  readonly #close = async (_timeoutMs: number, time: CloseTime): Promise<void> => {
    const left = (): number => Math.max(Math.round(time.leftMs), LAST_STEP_MS)
    for (const stage of closingOrder) {
      const openRoles = this.#openRoles.of(stage)
      // A role that was already closing, perhaps with more time, ends in this time too.
      const closeRoles = (): Promise<unknown> => Promise.all(openRoles.map(async (role) => await role.close(left())))
      await time.until(closeRoles, { leastMs: LAST_STEP_MS })
    }
    await Promise.all(this.#lanes.map(async (lane) => await lane.close(Math.min(left(), 5_000))))
    this.#stopWatching()
    this.#isClosed = true
    this.#emit('closed', {})
  }

  #emit<Name extends keyof ConnectionEvents>(name: Name, payload: ConnectionEvents[Name]): void {
    this.#events.emit(name, payload)
    const topic: Topic<object> = diagnostics[name]
    if (topic.hasSubscribers) topic.publish({ ...payload, connection: this.#internals.name })
  }

  #watched(lane: Lane): Lane {
    const { purpose, events } = lane
    events.on('connected', (event) => this.#emit('connected', { lane: purpose, ...event }))
    events.on('disconnected', (event) => this.#emit('disconnected', { lane: purpose, ...event }))
    events.on('connect-failed', (event) => this.#emit('connect-failed', { lane: purpose, ...event }))
    events.on('blocked', (event) => this.#emit('blocked', { lane: purpose, ...event }))
    events.on('unblocked', () => this.#emit('unblocked', { lane: purpose }))
    events.on('credentials-failed', (event) => this.#emit('credentials-failed', { lane: purpose, ...event }))
    return lane
  }
}

/** The parts of a connection that only roles and engines need. */
export interface ConnectionInternals {
  readonly name: string
  readonly log: Log
  readonly settings: ConnectSettings
  readonly publishLane: Lane
  readonly consumeLane: Lane
  readonly tracers: OtherTracers
  /** Bounds for the messages that wait to be published. */
  readonly queued: QueuedMessages
  /** @throws {@link ClosedError} if the connection is closing or closed */
  assertOpen(): void
  /** Includes a role in `health` and `close`. @returns a function that removes it again */
  register(role: OpenRole): () => void
}

const CLOSING = 'closing: it accepts no new work and finishes running work'

/** Time for the last step of a close whose earlier steps have used up the time. */
const LAST_STEP_MS = 500

/** Address of one broker, or of several of one cluster: URLs or fields. */
export type ConnectTarget = string | BrokerAddress | readonly (string | BrokerAddress)[]
