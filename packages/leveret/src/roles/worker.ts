import type { z } from 'zod'
import { type CloseOptions, Closing } from '../connection/closing.js'
import { type Connection, type ConnectionInternals, internalsOf } from '../connection/connection.js'
import type { QueueDeclaration } from '../connection/declaration.js'
import type { RoleHealth } from '../connection/health.js'
import type { BatchHandler } from '../consuming/batch-attempt.js'
import { Engine } from '../consuming/engine.js'
import type { AnyHandler, Handler, ManualHandler } from '../consuming/handling.js'
import { handlingOptions } from '../consuming/handling-options.js'
import { type PublishCopy, Settler } from '../consuming/settler.js'
import type { OrderKey } from '../consuming/slots.js'
import { type WorkerEvents, workerLines } from '../consuming/worker-events.js'
import { decodePayload } from '../contract/payload.js'
import type { OutputOf, Schema } from '../contract/schema.js'
import type { WorkQueue } from '../contract/work-queue.js'
import { ClosedError, ConnectionError } from '../errors.js'
import { Events, type Listener } from '../events.js'
import { parseOptions } from '../options.js'
import { outboxOf } from '../publishing/outbox-of.js'
import { within } from '../timing.js'
import { tellPolicy, warnOfDrops } from '../topology/advice.js'
import { declarationsOf, delayQueuesOf } from '../topology/declarations.js'
import { declare } from '../topology/declare.js'

/** How a worker handles deliveries. */
export type WorkerOptions<Payload = unknown> = Omit<z.input<typeof handlingOptions>, 'orderBy'> & {
  /**
   * Deliveries of one key are handled one after the other, in the order in which they came, while those of other keys go on.
   * It holds within this worker, and for first attempts: a failed one is made again later, after those behind it. With a
   * `prefetch` above `concurrency` those of other keys are at hand.
   */
  readonly orderBy?: ((payload: Payload) => OrderKey) | undefined
}

/** How a worker handles deliveries in batches: their order is that in which they came. */
export type BatchWorkerOptions = Omit<WorkerOptions, 'orderBy' | 'acknowledge'> & {
  readonly batch: NonNullable<WorkerOptions['batch']>
  readonly acknowledge?: 'on-return'
}

/** Works on the tasks of one queue. Every delivery is settled: acknowledged, tried again, or kept as a dead letter. */
export class Worker<S extends Schema> implements AsyncDisposable {
  readonly #contract: WorkQueue<S>
  readonly #internals: ConnectionInternals
  readonly #engine: Engine<OutputOf<S>>
  readonly #events = new Events<WorkerEvents>()
  readonly #unregister: () => void
  #starting: Promise<void> | undefined
  readonly #closing = new Closing()

  /**
   * Nothing is opened or declared before `start`.
   *
   * @param handler - returning acknowledges the delivery; throwing fails the attempt: it is made again after the next
   *   delay of the contract, and after the last one the delivery is dead-lettered. Throw `Reject` to give up at once,
   *   `Retry` to choose the delay. A delivery may come twice: be idempotent, by `delivery.messageId`
   * @throws {@link ClosedError} the connection has been closed
   * @throws {@link OptionsError}
   */
  constructor(
    rabbit: Connection,
    contract: WorkQueue<S>,
    handler: BatchHandler<OutputOf<S>>,
    options: BatchWorkerOptions,
  )
  constructor(
    rabbit: Connection,
    contract: WorkQueue<S>,
    handler: ManualHandler<OutputOf<S>>,
    options: WorkerOptions<OutputOf<S>> & { readonly acknowledge: 'manual'; readonly batch?: undefined },
  )
  constructor(
    rabbit: Connection,
    contract: WorkQueue<S>,
    handler: Handler<OutputOf<S>>,
    options?: WorkerOptions<OutputOf<S>> & { readonly batch?: undefined; readonly acknowledge?: 'on-return' | 'none' },
  )
  constructor(
    rabbit: Connection,
    contract: WorkQueue<S>,
    handler: AnyHandler<OutputOf<S>>,
    options: WorkerOptions<OutputOf<S>> = {},
  ) {
    const settings = parseOptions(handlingOptions, options, 'Worker')
    this.#contract = contract
    this.#internals = internalsOf(rabbit)
    this.#internals.assertOpen()
    const { consumeLane, settings: connection, log } = this.#internals
    log.follow(this.#events, workerLines(contract.name), { queue: contract.name })
    tellPolicy(contract, log)
    warnOfDrops(contract, log)
    const outbox = outboxOf(rabbit)
    const publish: PublishCopy = (message, topology, signal) =>
      outbox.submit({ message, topology, timeoutMs: Number.POSITIVE_INFINITY, signal })
    this.#engine = new Engine({
      contract,
      decode: ({ message: { content, properties } }) => decodePayload(contract, content, properties),
      handler,
      settings,
      settler: new Settler(contract, publish, connection.topology === 'declare'),
      lane: consumeLane,
      interceptors: connection.interceptors,
      events: this.#events,
      prepare: async (_channel, signal) => {
        await declare(consumeLane, neededBy(contract, connection.topology), connection.topology, signal)
        return contract.name
      },
    })
    this.#unregister = this.#internals.register({
      stage: 'consumer',
      close: async (timeoutMs) => await this.close({ timeoutMs }),
      health: () => this.#health(),
    })
  }

  /**
   * Declares the queue and its dead-letter queue, and begins to consume. Resolves when the broker delivers to this
   * worker; from then on it comes back by itself, whatever happens to the channel, the connection or the broker.
   *
   * @throws {@link TopologyMismatchError}, {@link BrokerVersionError} or {@link BrokerError} the queue is refused for good;
   *   the worker is closed
   * @throws {@link ConnectionError} it was not attached within the connection's `startupTimeoutMs`; the worker is closed
   * @throws {@link ClosedError} it was closed meanwhile
   */
  start(): Promise<void> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  /**
   * Takes no more deliveries until `resume`. Handlers that run go on; what was received and has not begun is held: the broker
   * gives none of it to others meanwhile, unless the worker is closed. It holds over a lost connection too.
   *
   * Resolves when the broker has stopped delivering; without a broker at once. Never rejects.
   *
   * @see https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout what is held for longer than this, the broker takes back
   */
  async pause(): Promise<void> {
    await this.#engine.pause()
  }

  /** Ends a `pause`. A circuit breaker that is open stays open. Resolves when the broker delivers again. Never rejects. */
  async resume(): Promise<void> {
    await this.#engine.resume()
  }

  /**
   * Takes no more deliveries, gives back those not begun, waits for the handlers that run, then closes the channel.
   * Near the end of `timeoutMs` their signals are aborted, and what is not settled then the broker delivers again.
   * A second call returns the same promise.
   */
  close(options?: CloseOptions): Promise<void> {
    return this.#closing.begin(options, (timeoutMs) => this.#close(timeoutMs))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  on<Name extends keyof WorkerEvents>(name: Name, listener: Listener<WorkerEvents[Name]>): this {
    this.#events.on(name, listener)
    return this
  }

  off<Name extends keyof WorkerEvents>(name: Name, listener: Listener<WorkerEvents[Name]>): this {
    this.#events.off(name, listener)
    return this
  }

  async #start(): Promise<void> {
    if (this.#closing.begun) throw new ClosedError('The worker has been closed')
    const { startupTimeoutMs } = this.#internals.settings
    const late = (): Error =>
      this.#engine.why ??
      new ConnectionError(
        'timeout',
        `The worker of '${this.#contract.name}' was not attached within ${startupTimeoutMs} ms${because(this.#internals.consumeLane)}`,
      )
    try {
      await Promise.all([within(startupTimeoutMs, this.#engine.start(), late), this.#internals.consumeLane.start()])
    } catch (error) {
      await this.close({ timeoutMs: 0 })
      throw error
    }
  }

  async #close(timeoutMs: number): Promise<void> {
    await this.#engine.close(timeoutMs)
    this.#unregister()
  }

  #health(): RoleHealth {
    const { lastDeliveryAt, why, ...health } = this.#engine.health()
    return {
      role: 'worker',
      name: this.#contract.name,
      ...health,
      ...(lastDeliveryAt === undefined ? {} : { lastDeliveryAt }),
      ...(why === undefined ? {} : { why }),
    }
  }
}

/** Where queues are only checked, those that hold what is to be tried again must be there from the start. */
function neededBy(contract: WorkQueue, mode: 'declare' | 'check' | 'skip'): readonly QueueDeclaration[] {
  return mode === 'check' ? [...declarationsOf(contract), ...delayQueuesOf(contract)] : declarationsOf(contract)
}

function because({ why }: { readonly why: string | undefined }): string {
  return `: ${why ?? 'the broker has not answered'}`
}
