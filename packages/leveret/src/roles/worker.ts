import { type Connection, internalsOf } from '../connection/connection.js'
import { ConsumeEngine } from '../consuming/consume-engine.js'
import { RoleEvents } from '../consuming/delivery/role-events.js'
import { Settler } from '../consuming/delivery/settler.js'
import { type WorkerEvents, workerLines, workerWarnings } from '../consuming/delivery/worker-events.js'
import { checkExclusive } from '../consuming/handling/exclusivity.js'
import type { Decode } from '../consuming/handling/payload-reader.js'
import type { OrderKey } from '../consuming/handling/slots.js'
import {
  type Acknowledgement,
  type BatchOptions,
  checkHandler,
  type HandlingOptions,
  type HandlingSettings,
  handlingOptions,
  type ModeOptions,
  type WithBatch,
} from '../consuming/handling/worker-options.js'
import type { AnyHandler, HandlerFor } from '../consuming/handling.js'
import { Receiver, type ReceiverOptions } from '../consuming/receiver.js'
import type { PayloadOf } from '../contract/derived-types.js'
import { payloadDecoderOf } from '../contract/payloads/payload.js'
import { checkContract } from '../contract/payloads/shared-options.js'
import type { WorkQueue } from '../contract/queues/work-queue.js'
import { parseOptions } from '../options.js'
import { publishCopies } from '../publishing/copy-publisher.js'
import { queueDeclarationsOf } from '../topology/declarations.js'
import { declareOn } from '../topology/declare.js'
import { warnOfDrops, warnOfLoops, warnOfPolicy } from '../topology/queue-warnings.js'

/**
 * Works on the tasks of one queue, and settles every delivery: acknowledges it, tries it again, or dead-letters it.
 *
 * @example
 * ```ts
 * import { closeOnSignals, connect, Producer, Worker, workQueue } from 'leveret'
 * import { z } from 'zod'
 *
 * const emails = workQueue('emails', { payload: z.object({ to: z.email() }) })
 * const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
 * closeOnSignals(rabbit)
 * const worker = new Worker(rabbit, emails, async ({ to }, { attempt }) => {
 *   console.log(`${to}, attempt ${attempt}`) // prints: ann@example.com, attempt 1
 * })
 * await worker.start()
 * await new Producer(rabbit, emails).send({ to: 'ann@example.com' })
 * ```
 */
export class Worker<
  const C extends WorkQueue = WorkQueue,
  Acknowledge extends Acknowledgement = 'on-return',
  Size = never,
> extends Receiver<WorkerEvents> {
  /**
   * Opens and declares nothing before `start`.
   *
   * @param handler - returning acknowledges the delivery. Throwing fails the attempt: the next one follows after the
   *   contract's next delay, and after the last attempt the delivery is dead-lettered. Throw `Reject` to dead-letter it
   *   at once, or `Retry` to choose the delay. A delivery may come twice: be idempotent, by `delivery.messageId`
   * @throws {@link ClosedError} the connection has been closed
   * @throws {@link OptionsError}
   */
  constructor(
    rabbit: Connection,
    contract: C,
    handler: HandlerFor<PayloadOf<C>, Acknowledge, Size>,
    options?: WorkerOptions<PayloadOf<C>, Acknowledge, Size> & WithBatch<Size>,
  )
  constructor(
    rabbit: Connection,
    contract: C,
    handler: AnyHandler<PayloadOf<C>>,
    options: WorkerOptions<PayloadOf<C>> = {},
  ) {
    super(receiverOptionsOf(rabbit, contract, handler, parseOptions(handlingOptions, options, 'Worker')))
  }
}

/** Options of {@link Worker}. */
export interface WorkerOptions<Payload = unknown, Acknowledge extends Acknowledgement = Acknowledgement, Size = number>
  extends HandlingOptions,
    ModeOptions<Acknowledge, Size> {
  /**
   * The key of a payload. Deliveries of one key are handled one after the other, in their order of arrival, while those
   * of other keys continue. A `prefetch` above `concurrency` keeps deliveries of other keys available.
   *
   * It promises nothing across several workers: each orders its own deliveries, and two may handle one key at the same
   * time. It also promises nothing for messages that arrive later than they were sent: a failed attempt, a delayed
   * task, a replayed dead letter, and redeliveries after a lost connection. Later deliveries of their key do not wait
   * for them. While a handler that was given up as hung still runs, the next delivery of its key begins.
   *
   * For one order of each key across all processes, give the contract `queue: { singleActive: true }`, so that one
   * worker at a time gets deliveries. To share the work, send to several such queues, each key always to the same one.
   * A stream keeps the order also across failed attempts: its subscribers retry in place.
   *
   * @defaultValue none: `concurrency` of them at once
   */
  readonly orderBy?: ((payload: Payload) => OrderKey) | undefined
}

/** Options of a worker whose handler gets deliveries in batches, in their order of arrival. */
export interface BatchWorkerOptions extends HandlingOptions {
  /** Calls the handler with several deliveries at once: it gets a list of them, and may return one result for each. */
  readonly batch: BatchOptions
  /** A batch is acknowledged when its handler returns. @defaultValue 'on-return' */
  readonly acknowledge?: 'on-return' | undefined
}

function receiverOptionsOf<C extends WorkQueue>(
  rabbit: Connection,
  contract: C,
  handler: AnyHandler<PayloadOf<C>>,
  settings: HandlingSettings,
): ReceiverOptions<WorkerEvents> {
  checkContract('Worker', contract, 'work-queue')
  checkHandler('Worker', handler)
  checkExclusive('Worker', contract, settings)
  const internals = internalsOf(rabbit)
  internals.assertOpen()
  const { consumeLane: lane, settings: connection, log } = internals
  const events = new RoleEvents<WorkerEvents>('worker', () => contract.name)
  const lines = workerLines(contract.name)
  log.follow(events, lines)
  log.warnFirst(events, lines, `worker of '${contract.name}'`, workerWarnings)
  warnOfPolicy(contract, log)
  warnOfDrops(contract, log)
  warnOfLoops(contract, settings.handlerTimeoutMs, log)
  const about = { role: 'worker', contract: contract.name } as const
  const engine = new ConsumeEngine({
    contract,
    place: { connection: internals.name, ...about, isEphemeral: false, server: () => lane.server },
    // The payload type is that of the contract's schema.
    decode: payloadDecoderOf(contract) as Decode<PayloadOf<C>>,
    handler,
    settings,
    settler: new Settler(contract, publishCopies(rabbit, about), connection.topology === 'declare'),
    lane,
    interceptors: connection.interceptors,
    events,
    prepare: async (channel, signal) => {
      await declareOn({ lane, channel }, queueDeclarationsOf(contract), connection.topology, signal)
      return contract.name
    },
  })
  return { role: 'worker', name: contract.name, internals, engine, events }
}
