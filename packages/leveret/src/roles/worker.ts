import type { Soon } from '../async/maybe-promise.js'
import { type Connection, internalsOf } from '../connection/connection.js'
import { RoleEvents } from '../consuming/delivery/role-events.js'
import { Settler } from '../consuming/delivery/settler.js'
import { type WorkerEvents, workerLines, workerWarnings } from '../consuming/delivery/worker-events.js'
import { Engine } from '../consuming/engine.js'
import { checkExclusive } from '../consuming/handling/exclusivity.js'
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
import { Receiver, type ReceiverParts } from '../consuming/receiver.js'
import type { PayloadOf } from '../contract/derived-types.js'
import { decodePayload } from '../contract/payloads/payload.js'
import { checkContract } from '../contract/payloads/shared-options.js'
import type { WorkQueue } from '../contract/queues/work-queue.js'
import { parseOptions } from '../options.js'
import { publishCopies } from '../publishing/copies.js'
import { queueDeclarationsOf } from '../topology/declarations.js'
import { declareOn } from '../topology/declare.js'
import { tellPolicy, warnOfDrops, warnOfLoops } from '../topology/queue-policy.js'

/** How a worker handles deliveries. */
export interface WorkerOptions<Payload = unknown, Acknowledge extends Acknowledgement = Acknowledgement, Size = number>
  extends HandlingOptions,
    ModeOptions<Acknowledge, Size> {
  /**
   * Deliveries of one key are handled one after the other, in the order in which they came, while those of other keys go on. With a
   * `prefetch` above `concurrency` those of other keys are at hand.
   *
   * It promises nothing over several workers: each has an order of its own, and two may handle one key at the same time. Nor for what
   * comes later than it was sent: a failed attempt, a delayed task, a replayed dead letter, and what comes back from a
   * lost connection. Those of its key that are behind it do not wait. Beside a handler that is given up as hung the next one of its key begins.
   *
   * For one order of each key over all processes, give the contract `queue: { singleActive: true }`, so that one worker at a time gets deliveries. To
   * share the work, send to several such queues, each key always to the same one. A stream also keeps the order over failed
   * attempts: its subscribers make them in place.
   *
   * @defaultValue none: `concurrency` of them at once
   */
  readonly orderBy?: ((payload: Payload) => OrderKey) | undefined
}

/** How a worker handles deliveries in batches: their order is that in which they came. */
export interface BatchWorkerOptions extends HandlingOptions {
  /** Hands over several deliveries at once: the handler gets a list of them, and may return one result for each. */
  readonly batch: BatchOptions
  /** A batch is acknowledged when its handler returns. @defaultValue 'on-return' */
  readonly acknowledge?: 'on-return' | undefined
}

/** Works on the tasks of one queue. Every delivery is settled: acknowledged, tried again, or kept as a dead letter. */
export class Worker<
  const C extends WorkQueue = WorkQueue,
  Acknowledge extends Acknowledgement = 'on-return',
  Size = never,
> extends Receiver<WorkerEvents> {
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
    super(partsOf(rabbit, contract, handler, parseOptions(handlingOptions, options, 'Worker')))
  }
}

function partsOf<C extends WorkQueue>(
  rabbit: Connection,
  contract: C,
  handler: AnyHandler<PayloadOf<C>>,
  settings: HandlingSettings,
): ReceiverParts<WorkerEvents> {
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
  tellPolicy(contract, log)
  warnOfDrops(contract, log)
  warnOfLoops(contract, settings.handlerTimeoutMs, log)
  const about = { role: 'worker', contract: contract.name } as const
  const engine = new Engine({
    contract,
    place: { connection: internals.name, ...about, isEphemeral: false, server: () => lane.server },
    // What the contract's schema gives.
    decode: ({ message: { content, properties } }) =>
      decodePayload(contract, content, properties) as Soon<PayloadOf<C>>,
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
