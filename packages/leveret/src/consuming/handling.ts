import type { Soon } from '../async/maybe-promise.js'
import type { Interceptor } from '../connection/interceptor.js'
import type { QueueContract } from '../contract/queues/queue-contract.js'
import { type Lineage, lineageOf, streamLineage } from '../headers/attempt-headers.js'
import type { Delivery } from '../message/delivery.js'
import type { ReceivedMessage } from '../message/message.js'
import { Batches, joining } from './batches/batch-runner.js'
import { BatchedDelivery } from './batches/batched-delivery.js'
import { BatchesInPlace } from './batches/batches-in-place.js'
import type { BatchBounds } from './batches/gathering.js'
import type { BatchHandler } from './batches/shared-call.js'
import { ActiveDelivery } from './delivery/active-delivery.js'
import type { Life } from './delivery/delivery-channel.js'
import { type ManualDelivery, SteeredDelivery } from './delivery/manual-delivery.js'
import type { ConsumePlace } from './delivery/process-trace.js'
import type { ReturnMemory } from './delivery/return-memory.js'
import type { ToldDelivery } from './delivery/role-events.js'
import type { Settlement } from './delivery/settlement.js'
import type { Settling } from './delivery/settler.js'
import type { Reading } from './delivery/stream-position.js'
import { judge, judgeUnread } from './delivery/verdict.js'
import {
  type Attempt,
  acknowledgedFirst,
  type Bounds,
  bounded,
  inside,
  type Judge,
  once,
  returning,
  steered,
  unlessDone,
  type Work,
} from './handling/attempt.js'
import { OneByOne } from './handling/attempt-runner.js'
import { Deduplicator } from './handling/deduplication.js'
import { InPlace, type InPlaceOptions } from './handling/in-place-runner.js'
import { type Decode, Reader } from './handling/payload-reader.js'
import { Processor, type ProcessorOptions } from './handling/processor.js'
import type { OrderKey, Slots } from './handling/slots.js'
import type { Acknowledgement, HandlingSettings } from './handling/worker-options.js'

/** Does the work. Returning acknowledges; throwing fails the attempt. */
export type Handler<Payload> = (payload: Payload, delivery: Delivery) => unknown

/** Does the work and settles it, by what the delivery offers. Throwing before that fails the attempt. */
export type ManualHandler<Payload> = (payload: Payload, delivery: ManualDelivery) => unknown

/** What works on deliveries, in the form that the settings ask for. */
export type AnyHandler<Payload> = Handler<Payload> | ManualHandler<Payload> | BatchHandler<Payload>

/** The handler that the options ask for. */
export type HandlerFor<Payload, Acknowledge extends Acknowledgement, Size> = [Size] extends [never]
  ? [Acknowledge] extends ['manual']
    ? ManualHandler<Payload>
    : Handler<Payload>
  : BatchHandler<Payload>

/** Reports on deliveries. None of these throws. */
export interface HandlingHooks {
  settled(delivery: ActiveDelivery, settlement: Settlement): void
  /** A handler ended after its time was up, or failed after it had settled. Its result was dropped. */
  late: Bounds['late']
  /** A handler was given up when its time was up, and goes on. */
  givenUp(): void
  /** Such a handler has ended. */
  endedAtLast(): void
  /** A handler settled a delivery that had been settled. */
  settledTwice(delivery: ToldDelivery): void
  /** What was done could not be written down, or what failed not given up. */
  notRemembered(delivery: ToldDelivery, error: unknown): void
}

/** How the deliveries of a queue are handled. */
export interface Handling<Payload> {
  /** The queue, and what becomes of what fails. */
  readonly contract: QueueContract
  readonly decode: Decode<Payload>
  readonly handler: AnyHandler<Payload>
  readonly settings: HandlingSettings
  readonly interceptors: readonly Interceptor[]
  /** Who consumes, for what is told of deliveries. */
  readonly place: ConsumePlace
  readonly slots: Slots
  /** Knows what has been done, where that is not to be done again. */
  readonly memory: ReturnMemory | undefined
  readonly settler: Settling
  readonly hooks: HandlingHooks
  /** Where deliveries come from a stream: how far that was read. */
  readonly stream?: Reading | undefined
  /** How long somebody waits for what comes of a delivery, where that is known. When it is over the delivery is skipped. */
  readonly timeLeftMs?: (delivery: ActiveDelivery) => number
}

/** A processor of deliveries, whatever kind they are. */
export interface AnyProcessor {
  receive(message: ReceivedMessage, life: Life): ActiveDelivery
  process(delivery: ActiveDelivery): Soon<void>
}

/** Puts together what takes a delivery from its bytes to its settlement. */
export function processorFor<Payload>(handling: Handling<Payload>): AnyProcessor {
  const { settings, hooks, interceptors, place } = handling
  const common = commonOf(handling)
  const lineageAt = lineageIn(handling)
  if (settings.acknowledge === 'manual') {
    const call = inside<Payload, SteeredDelivery>(interceptors, handling.handler as ManualHandler<Payload>, place)
    const deliveryOf = (message: ReceivedMessage, life: Life): SteeredDelivery => {
      const twice = (): void => hooks.settledTwice(delivery)
      const delivery = new SteeredDelivery(message, life, lineageAt(message), twice)
      return delivery
    }
    return single({ ...common, deliveryOf }, handling, steered(call, common.judge, hooks.late))
  }
  if (settings.batch !== undefined) return batched(common, handling, settings.batch)
  const work = returning(inside<Payload, ActiveDelivery>(interceptors, handling.handler as Handler<Payload>, place))
  const deliveryOf = (message: ReceivedMessage, life: Life): ActiveDelivery =>
    new ActiveDelivery(message, life, lineageAt(message))
  return single({ ...common, deliveryOf }, handling, settings.acknowledge === 'none' ? acknowledgedFirst(work) : work)
}

/** One delivery for each call. What comes from a stream is neither copied nor put back for another attempt. */
function single<Payload, D extends ActiveDelivery>(
  common: Common<Payload> & Pick<ProcessorOptions<Payload, D>, 'deliveryOf'>,
  handling: Handling<Payload>,
  work: Work<Payload, D>,
): AnyProcessor {
  const { slots, stream } = handling
  const { deliveryOf } = common
  const attempt = attemptAt(work, common, handling)
  const inPlace = { slots, attempt, ...held(common) }
  const attempts = stream === undefined ? new OneByOne(slots, attempt) : new InPlace(inPlace)
  return anyProcessor(new Processor({ ...common, attempts, deliveryOf }))
}

function batched<Payload>(common: Common<Payload>, handling: Handling<Payload>, bounds: BatchBounds): AnyProcessor {
  const { settings, slots, stream, interceptors, place } = handling
  const lineageAt = lineageIn(handling)
  const deliveryOf = (message: ReceivedMessage, life: Life): BatchedDelivery<Payload> =>
    new BatchedDelivery(message, life, lineageAt(message))
  const attempt = attemptAt(
    returning(inside<Payload, BatchedDelivery<Payload>>(interceptors, joining)),
    common,
    handling,
  )
  const handler = handling.handler as BatchHandler<Payload>
  const options = { slots, attempt, handler, bounds, place, handlerTimeoutMs: settings.handlerTimeoutMs }
  const attempts =
    stream === undefined ? new Batches(options) : new BatchesInPlace({ ...options, ...held({ ...common, deliveryOf }) })
  return anyProcessor(new Processor({ ...common, attempts, deliveryOf }))
}

/** How what is held in its place is read and tried again. */
function held<Payload, D extends ActiveDelivery>({
  reader,
  deliveryOf,
}: Pick<ProcessorOptions<Payload, D>, 'reader' | 'deliveryOf'>): Pick<InPlaceOptions<Payload, D>, 'read' | 'again'> {
  return { read: (delivery) => reader.read(delivery), again: ({ message, life }) => deliveryOf(message, life) }
}

/** Bounds the time of the work, and does not do again what has been done. */
function attemptAt<Payload, D extends ActiveDelivery>(
  work: Work<Payload, D>,
  { judge: judged }: Common<Payload>,
  handling: Handling<Payload>,
): Attempt<Payload, D> {
  const { memory } = handling
  const bounds = boundsOf(handling)
  const deduplicator = deduplicatorOf(handling)
  const bound = (inner: Work<Payload, D>): Attempt<Payload, D> => bounded(inner, judged, bounds)
  const attempt = deduplicator === undefined ? bound(work) : once(work, deduplicator, bound)
  return memory === undefined ? attempt : unlessDone(attempt, memory)
}

/** What is known of the past of a delivery. */
function lineageIn<Payload>({ contract, stream }: Handling<Payload>): (message: ReceivedMessage) => Lineage {
  if (stream !== undefined) return (message) => streamLineage(message, stream.attemptAt(message))
  return (message) => lineageOf(message, contract.retry)
}

/** A processor gets back the deliveries that it has made, and no others. */
function anyProcessor<Payload, D extends ActiveDelivery>(processor: Processor<Payload, D>): AnyProcessor {
  return {
    receive: (message, life) => processor.receive(message, life),
    process: (delivery) => processor.process(delivery as D),
  }
}

function boundsOf<Payload>({ settings, hooks, timeLeftMs }: Handling<Payload>): Bounds {
  const { handlerTimeoutMs } = settings
  const timeoutMs = (delivery: ActiveDelivery): number =>
    timeLeftMs === undefined ? handlerTimeoutMs : Math.min(handlerTimeoutMs, timeLeftMs(delivery))
  return { timeoutMs, late: hooks.late, givenUp: hooks.givenUp, endedAtLast: hooks.endedAtLast }
}

type Common<Payload> = Omit<ProcessorOptions<Payload, ActiveDelivery>, 'attempts' | 'deliveryOf'> & {
  readonly judge: Judge
}

function commonOf<Payload>({ contract, decode, settings, settler, hooks, stream }: Handling<Payload>): Common<Payload> {
  const judged: Judge = (thrown, attempt) => judge(thrown, attempt, contract)
  // What a stream brings, or comes to one handler or in batches, is read in its order, also where nothing has a key.
  const isInOrder = stream !== undefined || settings.batch !== undefined || settings.concurrency === 1
  const inTurn = isInOrder ? () => undefined : undefined
  const orderBy = (settings.orderBy ?? inTurn) as ((payload: Payload) => OrderKey | undefined) | undefined
  return {
    reader: new Reader({
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
