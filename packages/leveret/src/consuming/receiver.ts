import { within } from '../async/timing.js'
import type { CloseTime } from '../connection/close-time.js'
import { type CloseOptions, Closing } from '../connection/closing.js'
import type { ConnectionInternals } from '../connection/connection.js'
import type { RoleHealth } from '../connection/health.js'
import type { Lane } from '../connection/lanes/lane.js'
import { ClosedError } from '../errors/closed-error.js'
import { ConnectionError } from '../errors/connection-error.js'
import { MADE } from '../errors/marks.js'
import type { Events, Listener } from '../events.js'
import type { ConsumeEngine } from './consume-engine.js'

/** The least time for the last step when the time is up. */
const LAST_STEP_MS = 500

/** The common part of all roles that consume: start, pause, resume, health, events, close. */
export abstract class Receiver<EventMap extends object> implements AsyncDisposable {
  readonly #parts: ReceiverOptions<EventMap>
  readonly #closing = new Closing()
  readonly #unregister: () => void
  #starting: Promise<void> | undefined

  /** @internal */
  constructor(parts: ReceiverOptions<EventMap>) {
    this.#parts = parts
    this.#unregister = parts.internals.register({
      stage: 'consumer',
      // Waits for all handlers: the connection itself deals with a close() that a handler has called.
      close: (timeoutMs) => this.#closing.begin({ timeoutMs }, this.#close),
      othersEnded: () => parts.engine.whenOthersEnded(),
      health: () => this.#health(),
    })
  }

  /**
   * Declares the objects of the contract, and begins to consume. Resolves when the broker delivers to this role, or
   * when the role is closed before that. From then on the role recovers by itself from any loss of the channel, the
   * connection or the broker.
   *
   * @throws {@link TopologyMismatchError}, {@link BrokerVersionError} or {@link BrokerError} the broker refuses for
   *   good what the role needs; the role is closed
   * @throws {@link ConnectionError} the role did not consume within the connection's `startupTimeoutMs`; the role is
   *   closed
   * @throws {@link ClosedError} the role was closed before this call
   */
  start(): Promise<void> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  /**
   * Takes no more deliveries until `resume`. Running handlers continue. Deliveries that were received and have not
   * begun are held: the broker gives them to no other consumer, unless this role is closed. The pause also outlasts a
   * lost connection. An ephemeral subscriber receives up to its prefetch meanwhile, because its queue would be deleted
   * with its consumer.
   *
   * Resolves when the broker has stopped delivering; without a connection at once. Never rejects.
   *
   * @see https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout the time after which the broker takes back
   *   held deliveries
   */
  async pause(): Promise<void> {
    await this.#parts.engine.pause()
  }

  /** Ends a `pause`. An open circuit breaker stays open. Resolves when the broker delivers again. Never rejects. */
  async resume(): Promise<void> {
    await this.#parts.engine.resume()
  }

  /**
   * Takes no more deliveries, gives back those that have not begun (`basic.nack(requeue=true)`), waits for the running
   * handlers, then closes the channel. One second before `timeoutMs` is over, the signals of the handlers that still
   * run are aborted, and their deliveries go back to the queue. A handler that still does not end causes the event
   * `close.incomplete`. A second call returns the same promise, and ends it sooner if its `timeoutMs` is over sooner.
   *
   * Inside one of its own handlers, it resolves when all *other* handlers have ended, because it cannot wait for that
   * one, whose delivery is not settled yet. The rest follows when the handler returns. Before `process.exit()`, call
   * `close()` again outside the handler: that promise resolves when everything is settled.
   */
  close(options?: CloseOptions): Promise<void> {
    return this.#closing.begin(options, this.#close, () => this.#parts.engine.whenOthersEnded())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** @internal */
  get [MADE](): 'role' {
    return 'role'
  }

  on<Name extends keyof EventMap & string>(name: Name, listener: Listener<EventMap[Name]>): this {
    this.#parts.events.on(name, listener)
    return this
  }

  /** Calls the listener for the next event of this name only. */
  once<Name extends keyof EventMap & string>(name: Name, listener: Listener<EventMap[Name]>): this {
    this.#parts.events.once(name, listener)
    return this
  }

  off<Name extends keyof EventMap & string>(name: Name, listener: Listener<EventMap[Name]>): this {
    this.#parts.events.off(name, listener)
    return this
  }

  async #start(): Promise<void> {
    const { role, name, engine, internals, lane = internals.consumeLane } = this.#parts
    if (this.#closing.begun) throw new ClosedError(`The ${role} has been closed`)
    const { settings } = internals
    const late = (): Error =>
      engine.why ??
      new ConnectionError(
        'timeout',
        `The ${role} of '${name}' was not attached within ${settings.startupTimeoutMs} ms: ${lane.why ?? 'the broker has not answered'}`,
      )
    try {
      const ended = within(settings.startupTimeoutMs, engine.start(), late)
      // The lane rejects only if waiting cannot help. A role that is closed before that need not wait for the lane.
      await Promise.race([ended, Promise.all([ended, lane.start()])])
    } catch (error) {
      // A caller that closes the role meanwhile does not want it to start.
      if (this.#closing.begun) return
      await this.close({ timeoutMs: 0 })
      throw error
    }
  }

  readonly #close = async (_timeoutMs: number, time: CloseTime): Promise<void> => {
    await this.#parts.engine.close(time)
    await this.#parts.closed?.(Math.max(time.leftMs, LAST_STEP_MS))
    this.#unregister()
  }

  #health(): RoleHealth {
    const { role, name, engine } = this.#parts
    const { lastDeliveryAt, why, ...health } = engine.health()
    return {
      role,
      name,
      ...health,
      ...(lastDeliveryAt === undefined ? {} : { lastDeliveryAt }),
      ...(why === undefined ? {} : { why }),
    }
  }
}

/** Options of {@link Receiver}. */
export interface ReceiverOptions<EventMap extends object> {
  readonly role: RoleHealth['role']
  /** The name of the contract. */
  readonly name: string
  readonly internals: ConnectionInternals
  /** The lane on which the role consumes. @defaultValue the connection's lane for consuming */
  readonly lane?: Lane
  readonly engine: Pick<
    ConsumeEngine<unknown>,
    'start' | 'close' | 'whenOthersEnded' | 'pause' | 'resume' | 'health' | 'why'
  >
  readonly events: Events<EventMap>
  /** Called when the role no longer consumes. `close` waits for it, and passes the time that is left. */
  readonly closed?: (timeoutMs: number) => unknown
}
