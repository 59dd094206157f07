import type { Interceptor } from '../connection/interceptor.js'
import type { QueueContract } from '../contract/queues/queue-contract.js'
import { type AttemptOrigin, originReaderOf, streamOrigin } from '../headers/attempt-headers.js'
import type { Delivery } from '../message/delivery.js'
import type { ReceivedMessage } from '../message/message.js'
import { BatchRunner, joining } from './batches/batch-runner.js'
import { BatchedDelivery } from './batches/batched-delivery.js'
import type { BatchBounds } from './batches/gathering.js'
import { InPlaceBatchRunner } from './batches/in-place-batch-runner.js'
import type { BatchHandler } from './batches/shared-call.js'
import type { DeliveryProcessor } from './consumer/consumer-options.js'
import { ActiveDelivery } from './delivery/active-delivery.js'
import type { DeliveryChannel } from './delivery/delivery-channel.js'
import { type ManualDelivery, ManuallySettledDelivery } from './delivery/manual-delivery.js'
import type { ConsumePlace } from './delivery/process-trace.js'
import type { ReturnMemory } from './delivery/return-memory.js'
import type { ReportedDelivery } from './delivery/role-events.js'
import type { Settlement } from './delivery/settlement.js'
import type { Settling } from './delivery/settler.js'
import type { StreamPosition } from './delivery/stream-position.js'
import { judge, judgeUnread } from './delivery/verdict.js'
import {
  type Attempt,
  acknowledgedFirst,
  type Bounds,
  bounded,
  type Judge,
  manual,
  once,
  returning,
  type Work,
} from './handling/attempt.js'
import { SingleRunner } from './handling/attempt-runner.js'
import { Deduplicator } from './handling/deduplication.js'
import { inside } from './handling/handler-call.js'
import { type InPlaceOptions, InPlaceRunner } from './handling/in-place-runner.js'
import { type Decode, PayloadReader } from './handling/payload-reader.js'
import { Processor, type ProcessorOptions } from './handling/processor.js'
import type { OrderKey, Slots } from './handling/slots.js'
import type { Acknowledgement, HandlingSettings } from './handling/worker-options.js'

/** Does the work. Returning acknowledges the message (`basic.ack`); throwing fails the attempt. */
export type Handler<Payload> = (payload: Payload, delivery: Delivery) => unknown

/** Does the work, and settles the delivery with its methods. Throwing before that fails the attempt. */
export type ManualHandler<Payload> = (payload: Payload, delivery: ManualDelivery) => unknown

/** A handler of any of the kinds that the settings can ask for. */
export type AnyHandler<Payload> = Handler<Payload> | ManualHandler<Payload> | BatchHandler<Payload>

/** The kind of handler that the options ask for. */
export type HandlerFor<Payload, Acknowledge extends Acknowledgement, Size> = [Size] extends [never]
  ? [Acknowledge] extends ['manual']
    ? ManualHandler<Payload>
    : Handler<Payload>
  : BatchHandler<Payload>

/** Callbacks that report on deliveries. None of them throws. */
export interface HandlingHooks {
  settled(delivery: ActiveDelivery, settlement: Settlement): void
  /** Reports a handler that ended after its time was up, or failed after it had settled. Its result was dropped. */
  late: Bounds['late']
  /** Reports a handler that was given up when its time was up, and still runs. */
  givenUp(): void
  /** Reports that a handler which was given up has ended. */
  endedAtLast(): void
  /** Reports that a handler settled a delivery that was settled already. */
  settledTwice(delivery: ReportedDelivery): void
  /** Reports that the deduplication store failed after a handler had ended, so that the state of its key is unknown. */
  notRemembered(delivery: ReportedDelivery, error: unknown): void
}

/** Options of {@link processorFor}. */
export interface Handling<Payload> {
  /** The contract of the queue, which decides what happens to failed deliveries. */
  readonly contract: QueueContract
  readonly decode: Decode<Payload>
  readonly handler: AnyHandler<Payload>
  readonly settings: HandlingSettings
  readonly interceptors: readonly Interceptor[]
  /** The origin of the deliveries, for traces and metrics. */
  readonly place: ConsumePlace
  readonly slots: Slots
  /** Remembers which deliveries are done, where they are not to be handled again. */
  readonly memory: ReturnMemory | undefined
  readonly settler: Settling
  readonly hooks: HandlingHooks
  /** The position in the stream, if deliveries come from one. */
  readonly stream?: StreamPosition | undefined
  /**
   * How long the sender still waits for the result of a delivery, if that is known. With no time left, the delivery is
   * skipped.
   */
  readonly timeLeftMs?: (delivery: ActiveDelivery) => number
}

/** Makes the processor that takes a delivery from its bytes to its settlement. */
export function processorFor<Payload>(handling: Handling<Payload>): DeliveryProcessor {
  const { settings, hooks, interceptors, place } = handling
  const common = commonOf(handling)
  const originAt = originIn(handling)
  if (settings.acknowledge === 'manual') {
    const call = inside<Payload, ManuallySettledDelivery>(
      interceptors,
      handling.handler as ManualHandler<Payload>,
      place,
    )
    const deliveryOf = (message: ReceivedMessage, channel: DeliveryChannel): ManuallySettledDelivery => {
      const twice = (): void => hooks.settledTwice(delivery)
      const delivery = new ManuallySettledDelivery(message, channel, originAt(message), twice)
      return delivery
    }
    return single({ ...common, deliveryOf }, handling, manual(call, common.judge, hooks.late))
  }
  if (settings.batch !== undefined) return batched(common, handling, settings.batch)
  const work = returning(inside<Payload, ActiveDelivery>(interceptors, handling.handler as Handler<Payload>, place))
  const deliveryOf = (message: ReceivedMessage, channel: DeliveryChannel): ActiveDelivery =>
    new ActiveDelivery(message, channel, originAt(message))
  return single({ ...common, deliveryOf }, handling, settings.acknowledge === 'none' ? acknowledgedFirst(work) : work)
}

/**
 * Makes the processor that calls the handler for each delivery. Deliveries of a stream are retried in place, without
 * copies.
 */
function single<Payload, D extends ActiveDelivery>(
  common: Common<Payload> & Pick<ProcessorOptions<Payload, D>, 'deliveryOf'>,
  handling: Handling<Payload>,
  work: Work<Payload, D>,
): DeliveryProcessor {
  const { slots, stream } = handling
  const { deliveryOf } = common
  const attempt = attemptAt(work, common, handling)
  const inPlace = { slots, attempt, ...held(common) }
  const attempts = stream === undefined ? new SingleRunner(slots, attempt) : new InPlaceRunner(inPlace)
  return new Processor({ ...common, attempts, deliveryOf })
}

function batched<Payload>(
  common: Common<Payload>,
  handling: Handling<Payload>,
  bounds: BatchBounds,
): DeliveryProcessor {
  const { settings, slots, stream, interceptors, place } = handling
  const originAt = originIn(handling)
  const deliveryOf = (message: ReceivedMessage, channel: DeliveryChannel): BatchedDelivery<Payload> =>
    new BatchedDelivery(message, channel, originAt(message))
  const attempt = attemptAt(
    returning(inside<Payload, BatchedDelivery<Payload>>(interceptors, joining)),
    common,
    handling,
  )
  const handler = handling.handler as BatchHandler<Payload>
  const options = { slots, attempt, handler, bounds, place, handlerTimeoutMs: settings.handlerTimeoutMs }
  const attempts =
    stream === undefined
      ? new BatchRunner(options)
      : new InPlaceBatchRunner({ ...options, ...held({ ...common, deliveryOf }) })
  return new Processor({ ...common, attempts, deliveryOf })
}

/** The functions that read a held delivery, and make it again for its next attempt. */
function held<Payload, D extends ActiveDelivery>({
  reader,
  deliveryOf,
}: Pick<ProcessorOptions<Payload, D>, 'reader' | 'deliveryOf'>): Pick<InPlaceOptions<Payload, D>, 'read' | 'again'> {
  return { read: (delivery) => reader.read(delivery), again: ({ message, channel }) => deliveryOf(message, channel) }
}

/** Limits the time of the work, and skips messages that are done. */
function attemptAt<Payload, D extends ActiveDelivery>(
  work: Work<Payload, D>,
  { judge: judged }: Common<Payload>,
  handling: Handling<Payload>,
): Attempt<Payload, D> {
  const bounds = boundsOf(handling)
  const deduplicator = deduplicatorOf(handling)
  const bound = (inner: Work<Payload, D>): Attempt<Payload, D> => bounded(inner, judged, bounds)
  return deduplicator === undefined ? bound(work) : once(work, deduplicator, bound)
}

/** The function that reads the origin of a delivery. */
function originIn<Payload>({ contract, stream }: Handling<Payload>): (message: ReceivedMessage) => AttemptOrigin {
  if (stream !== undefined) return (message) => streamOrigin(message, stream.attemptAt(message))
  return originReaderOf(contract.retry)
}

function boundsOf<Payload>({ settings, hooks, timeLeftMs, memory }: Handling<Payload>): Bounds {
  const { handlerTimeoutMs } = settings
  return {
    handlerTimeoutMs,
    timeLeftMs,
    memory,
    late: hooks.late,
    givenUp: hooks.givenUp,
    endedAtLast: hooks.endedAtLast,
  }
}

type Common<Payload> = Omit<ProcessorOptions<Payload, ActiveDelivery>, 'attempts' | 'deliveryOf'> & {
  readonly judge: Judge
}

function commonOf<Payload>({ contract, decode, settings, settler, hooks, stream }: Handling<Payload>): Common<Payload> {
  const judged: Judge = (thrown, attempt) => judge(thrown, attempt, contract)
  // Deliveries of a stream, in batches, or for one handler at a time are read in their order, also where they have no
  // key.
  const isInOrder = stream !== undefined || settings.batch !== undefined || settings.concurrency === 1
  const inTurn = isInOrder ? () => undefined : undefined
  const orderBy = (settings.orderBy ?? inTurn) as ((payload: Payload) => OrderKey | undefined) | undefined
  return {
    reader: new PayloadReader({
      decode,
      orderBy,
      timeoutMs: settings.handlerTimeoutMs,
      judge: (thrown, attempt) => judgeUnread(thrown, attempt, contract),
    }),
    settler,
    judge: judged,
    settled: hooks.settled,
  }
}

function deduplicatorOf<Payload>({ contract, settings, hooks }: Handling<Payload>): Deduplicator | undefined {
  const { deduplicate, handlerTimeoutMs } = settings
  if (deduplicate === undefined) return undefined
  return new Deduplicator({ ...deduplicate, handlerTimeoutMs, queue: contract.name, failed: hooks.notRemembered })
}
