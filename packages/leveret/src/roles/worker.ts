import { z } from 'zod'
import type { QueueDeclaration } from '../connection/channel.js'
import { type CloseOptions, Closing } from '../connection/closing.js'
import { type Connection, type ConnectionInternals, internalsOf } from '../connection/connection.js'
import type { Delivery } from '../connection/delivery.js'
import type { RoleHealth } from '../connection/health.js'
import { Consumer } from '../consuming/consumer.js'
import { type Handler, Processor } from '../consuming/processor.js'
import { type PublishCopy, type Settlement, Settler } from '../consuming/settler.js'
import { type DeliveryEvent, type WorkerEvents, workerLines } from '../consuming/worker-events.js'
import type { OutputOf, Schema } from '../contract/schema.js'
import type { WorkQueue } from '../contract/work-queue.js'
import { ClosedError, ConnectionError, type LeveretError } from '../errors.js'
import { Events, type Listener } from '../events.js'
import { MAX_TIMER_MS, parseOptions } from '../options.js'
import { outboxOf } from '../publishing/outbox-of.js'
import { within } from '../timing.js'
import { tellPolicy, warnOfDrops } from '../topology/advice.js'
import { declarationsOf, delayQueue } from '../topology/declarations.js'
import { declare } from '../topology/declare.js'

/** Options of a worker. */
export const workerOptions = z.strictObject({
  /** Handlers running at once. @defaultValue 10 */
  concurrency: z.int().min(1).max(65_535).default(10),
  /** Unacknowledged deliveries held at once. @defaultValue the same as `concurrency` */
  prefetch: z.int().min(1).max(65_535).optional(),
  /** After this the attempt has failed; `delivery.signal` is aborted. @defaultValue 60_000 */
  handlerTimeoutMs: z.int().min(1).max(MAX_TIMER_MS).default(60_000),
})

/** Options of a worker. */
export type WorkerOptions = z.input<typeof workerOptions>

/** Works on the tasks of one queue. Every delivery is settled: acknowledged, tried again, or kept as a dead letter. */
export class Worker<S extends Schema> implements AsyncDisposable {
  readonly #contract: WorkQueue<S>
  readonly #internals: ConnectionInternals
  readonly #consumer: Consumer
  readonly #events = new Events<WorkerEvents>()
  readonly #unregister: () => void
  #starting: Promise<void> | undefined
  readonly #closing = new Closing()
  #why: Error | undefined
  #stuck = 0
  #everAttached = false

  /**
   * Nothing is opened or declared before `start`.
   *
   * @param handler - returning acknowledges the delivery; throwing fails the attempt: it is made again after the next
   *   delay of the contract, and after the last one the delivery is dead-lettered. Throw `Reject` to give up at once,
   *   `Retry` to choose the delay. A delivery may come twice: be idempotent, by `delivery.messageId`
   * @throws {@link ClosedError} the connection has been closed
   * @throws {@link OptionsError}
   */
  constructor(rabbit: Connection, contract: WorkQueue<S>, handler: Handler<OutputOf<S>>, options: WorkerOptions = {}) {
    const { concurrency, prefetch = concurrency, handlerTimeoutMs } = parseOptions(workerOptions, options, 'Worker')
    this.#contract = contract
    this.#internals = internalsOf(rabbit)
    this.#internals.assertOpen()
    const outbox = outboxOf(rabbit)
    const { consumeLane, settings, log } = this.#internals
    log.follow(this.#events, workerLines(contract.name), { queue: contract.name })
    tellPolicy(contract, log)
    warnOfDrops(contract, log)
    const publish: PublishCopy = (message, topology, signal) =>
      outbox.submit({ message, topology, timeoutMs: Number.POSITIVE_INFINITY, signal })
    const settler = new Settler(contract, publish, settings.topology === 'declare')
    const processor = new Processor(contract, handler, settler, {
      handlerTimeoutMs,
      interceptors: settings.interceptors,
      hooks: {
        settled: (delivery, settlement) => this.#report(delivery, settlement),
        late: (delivery) => this.#events.emit('handler.late', describe(delivery)),
      },
    })
    this.#consumer = new Consumer({
      lane: consumeLane,
      queue: contract.name,
      prefetch,
      concurrency,
      declare: (signal) => declare(consumeLane, neededBy(contract, settings.topology), settings.topology, signal),
      work: (message, life) => processor.process(message, life),
      cancelled: () => this.#events.emit('consumer.cancelled', { queue: contract.name }),
      attached: () => this.#attached(),
      lost: (reason) => this.#lost(reason),
      failed: (reason) => this.#failed(reason),
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
   * @throws {@link TopologyMismatchError} or {@link BrokerError} the queue is refused for good; the worker is closed
   * @throws {@link ConnectionError} it was not attached within the connection's `startupTimeoutMs`; the worker is closed
   * @throws {@link ClosedError} it was closed meanwhile
   */
  start(): Promise<void> {
    this.#starting ??= this.#start()
    return this.#starting
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
      this.#why ??
      new ConnectionError(
        'timeout',
        `The worker of '${this.#contract.name}' was not attached within ${startupTimeoutMs} ms${because(this.#internals.consumeLane)}`,
      )
    try {
      await Promise.all([within(startupTimeoutMs, this.#consumer.start(), late), this.#internals.consumeLane.start()])
    } catch (error) {
      await this.close({ timeoutMs: 0 })
      throw error
    }
  }

  async #close(timeoutMs: number): Promise<void> {
    await this.#consumer.close(timeoutMs)
    this.#unregister()
  }

  #attached(): void {
    this.#why = undefined
    if (this.#everAttached) this.#events.emit('channel.recovered', {})
    this.#everAttached = true
  }

  #lost(reason: LeveretError): void {
    this.#why = reason
    this.#stuck = 0
    this.#events.emit('channel.lost', { reason })
  }

  #failed(reason: LeveretError): void {
    this.#why = reason
    this.#events.emit('consume-failed', { reason })
  }

  #report(delivery: Delivery, settlement: Settlement): void {
    const event = describe(delivery)
    switch (settlement.did) {
      case 'retried': {
        const { afterMs, failure } = settlement
        this.#events.emit('delivery.retried', { ...event, afterMs, failure })
        break
      }
      case 'dead-lettered':
      case 'dropped': {
        const { did, reason, failure } = settlement
        this.#events.emit(`delivery.${did}`, { ...event, reason, failure })
        break
      }
      case 'stuck':
        this.#stuck += 1
        this.#why = settlement.error
        this.#events.emit('delivery.stuck', { ...event, error: settlement.error })
        break
      default:
        this.#events.emit(`delivery.${settlement.did}`, event)
    }
  }

  #health(): RoleHealth {
    const { isAttached, inFlight, lastDeliveryAt } = this.#consumer
    const ready = isAttached && this.#stuck === 0
    const why = ready ? undefined : (this.#why?.message ?? 'not started')
    return {
      role: 'worker',
      name: this.#contract.name,
      ready,
      attached: isAttached,
      inFlight,
      ...(lastDeliveryAt === undefined ? {} : { lastDeliveryAt }),
      ...(why === undefined ? {} : { why }),
    }
  }
}

/** Where queues are only checked, those that hold what is to be tried again must be there from the start. */
function neededBy(contract: WorkQueue, mode: 'declare' | 'check' | 'skip'): readonly QueueDeclaration[] {
  if (mode !== 'check' || contract.retry === false) return declarationsOf(contract)
  return [...declarationsOf(contract), ...contract.retry.delaysMs.map((delayMs) => delayQueue(contract, delayMs))]
}

function because({ why }: { readonly why: string | undefined }): string {
  return `: ${why ?? 'the broker has not answered'}`
}

function describe({ messageId, attempt }: Delivery): DeliveryEvent {
  return { messageId, attempt }
}
