import { within } from '../async/timing.js'
import { type CloseOptions, Closing } from '../connection/closing.js'
import type { ConnectionInternals } from '../connection/connection.js'
import type { RoleHealth } from '../connection/health.js'
import type { Lane } from '../connection/lanes/lane.js'
import { ClosedError, ConnectionError } from '../errors/errors.js'
import { MADE } from '../errors/marks.js'
import type { Events, Listener } from '../events.js'
import type { Engine } from './engine.js'

/** What is left for the last step when the time is up. */
const LAST_STEP_MS = 500

/** What a receiver is made of. */
export interface ReceiverParts<Happenings extends object> {
  readonly role: RoleHealth['role']
  /** Of its contract. */
  readonly name: string
  readonly internals: ConnectionInternals
  /** On which it consumes. @defaultValue the connection's for consuming */
  readonly lane?: Lane
  readonly engine: Pick<Engine<unknown>, 'start' | 'close' | 'whenOthersEnded' | 'pause' | 'resume' | 'health' | 'why'>
  readonly events: Events<Happenings>
  /** Called when nothing is consumed any more. `close` waits for it, and gives it so much time. */
  readonly closed?: (timeoutMs: number) => unknown
}

/** What every role that consumes can do: start, pause, go on, tell, close. */
export abstract class Receiver<Happenings extends object> implements AsyncDisposable {
  readonly #parts: ReceiverParts<Happenings>
  readonly #closing = new Closing()
  readonly #unregister: () => void
  #starting: Promise<void> | undefined

  constructor(parts: ReceiverParts<Happenings>) {
    this.#parts = parts
    this.#unregister = parts.internals.register({
      stage: 'consumer',
      // The connection closes in its own time, also where a handler has called for it.
      close: (timeoutMs) => this.#closing.begin({ timeoutMs }, this.#close),
      othersEnded: () => parts.engine.whenOthersEnded(),
      health: () => this.#health(),
    })
  }

  /**
   * Declares what its contract describes, and begins to consume. Resolves when the broker delivers to this role, or when it is closed
   * before that; from then on it comes back by itself, whatever happens to the channel, the connection or the broker.
   *
   * @throws {@link TopologyMismatchError}, {@link BrokerVersionError} or {@link BrokerError} what it needs is refused for good;
   *   the role is closed
   * @throws {@link ConnectionError} it was not attached within the connection's `startupTimeoutMs`; the role is closed
   * @throws {@link ClosedError} it was closed before this call
   */
  start(): Promise<void> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  /**
   * Takes no more deliveries until `resume`. Handlers that run go on; what was received and has not begun is held: the broker
   * gives none of it to others meanwhile, unless the role is closed. It holds over a lost connection too. An ephemeral
   * subscriber goes on receiving, up to its prefetch, because its queue would go with its consumer.
   *
   * Resolves when the broker has stopped delivering; without a broker at once. Never rejects.
   *
   * @see https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout what is held for longer than this, the broker takes back
   */
  async pause(): Promise<void> {
    await this.#parts.engine.pause()
  }

  /** Ends a `pause`. A circuit breaker that is open stays open. Resolves when the broker delivers again. Never rejects. */
  async resume(): Promise<void> {
    await this.#parts.engine.resume()
  }

  /**
   * Takes no more deliveries, gives back those not begun, waits for the handlers that run, then closes the channel.
   * One second before `timeoutMs` is over, the signals of the handlers that still run are aborted and their deliveries go back; a handler
   * that goes on all the same is told as `close.incomplete`. A second call returns the same promise.
   *
   * Inside a handler of its own it resolves when all *other* handlers have ended, because it cannot wait for that one; its delivery is
   * not settled yet. The rest follows when the handler returns. Before `process.exit()`, call `close()` again outside the handler: that
   * promise resolves when all is settled.
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

  on<Name extends keyof Happenings & string>(name: Name, listener: Listener<Happenings[Name]>): this {
    this.#parts.events.on(name, listener)
    return this
  }

  /** The same for the next time only. */
  once<Name extends keyof Happenings & string>(name: Name, listener: Listener<Happenings[Name]>): this {
    this.#parts.events.once(name, listener)
    return this
  }

  off<Name extends keyof Happenings & string>(name: Name, listener: Listener<Happenings[Name]>): this {
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
      // The lane only says at once what waiting cannot cure. A role that is closed before need not wait for it.
      await Promise.race([ended, Promise.all([ended, lane.start()])])
    } catch (error) {
      // Who closes it meanwhile does not want it to start.
      if (this.#closing.begun) return
      await this.close({ timeoutMs: 0 })
      throw error
    }
  }

  readonly #close = async (timeoutMs: number): Promise<void> => {
    const deadline = performance.now() + timeoutMs
    await this.#parts.engine.close(timeoutMs)
    await this.#parts.closed?.(Math.max(deadline - performance.now(), LAST_STEP_MS))
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
