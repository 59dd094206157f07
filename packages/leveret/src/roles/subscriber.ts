import { silenceBefore } from '../amqp/silence-watch.js'
import { type Connection, type ConnectionInternals, internalsOf } from '../connection/connection.js'
import type { BatchHandler } from '../consuming/batches/shared-call.js'
import { ConsumeEngine } from '../consuming/consume-engine.js'
import type { ConsumePlace } from '../consuming/delivery/process-trace.js'
import { RoleEvents } from '../consuming/delivery/role-events.js'
import { Settler } from '../consuming/delivery/settler.js'
import { workerWarnings } from '../consuming/delivery/worker-events.js'
import {
  type Acknowledgement,
  checkHandler,
  type ModeOptions,
  type WithBatch,
} from '../consuming/handling/worker-options.js'
import { Receiver, type ReceiverOptions } from '../consuming/receiver.js'
import { templateContractsOf } from '../contract/exchanges/template-contracts.js'
import { checkContract } from '../contract/payloads/shared-options.js'
import type { Subscribable } from '../contract/queues/subscribable.js'
import type { Log } from '../log.js'
import { publishCopies } from '../publishing/copy-publisher.js'
import { StreamReader } from '../streams/stream-reader.js'
import { StreamSettler } from '../streams/stream-settler.js'
import { decoderOf } from '../subscribing/event-decoder.js'
import { type SubscriberEvents, subscriberLines } from '../subscribing/subscriber-events.js'
import { planOf, type SubscriberPlan } from '../subscribing/subscriber-plan.js'
import {
  type Prepare,
  prepareOwnQueue,
  prepareStream,
  prepareSubscription,
} from '../subscribing/subscriber-topology.js'
import type {
  EventBatchHandler,
  EventHandler,
  EventHandlerFor,
  ManualEventHandler,
  SubscriberArguments,
} from '../subscribing/subscriber-types.js'
import { warnOfDrops, warnOfLoops, warnOfPolicy } from '../topology/queue-warnings.js'

/**
 * Receives the events of an exchange.
 *
 * With a `subscription` it is durable: events wait while no instance runs, failed events are tried again and
 * dead-lettered as a worker's are, and the instances share the events. With a `stream` it reads the stream from a
 * chosen position, each event at least once, and takes nothing away from other readers. With an exchange alone it is
 * ephemeral: it gets the events published while it is connected, each at most until its handler has ended, from a queue
 * that is deleted with its connection, and it reports gaps.
 *
 * @example
 * ```ts
 * import { closeOnSignals, connect, Publisher, Subscriber, subscription, topicExchange } from 'leveret'
 * import { z } from 'zod'
 *
 * const shop = topicExchange('shop', { 'order.created': z.object({ orderId: z.int() }) })
 * const billing = subscription('billing', { of: shop, bindingKeys: ['order.*'] })
 * const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
 * closeOnSignals(rabbit)
 * const subscriber = new Subscriber(rabbit, billing, ({ template, payload }) => {
 *   console.log(`${template} ${payload.orderId}`) // prints: order.created 7
 * })
 * await subscriber.start()
 * await new Publisher(rabbit, shop).publish('order.created', { orderId: 7 })
 * ```
 */
export class Subscriber<
  const C extends Subscribable,
  const Keys extends readonly string[] = readonly string[],
  Acknowledge extends Acknowledgement = 'on-return',
  Size = never,
> extends Receiver<SubscriberEvents> {
  readonly #queue: Consumed

  /**
   * Opens and declares nothing before `start`.
   *
   * @param options.bindingKeys - for direct and topic exchanges; a key that can match no message of the contract does
   *   not compile
   * @param options.batch - calls the handler with batches of events, as for a worker. Of a stream, the failed events of
   *   a batch are tried again together in place, and the offset is saved when the whole batch is done
   * @param options.acknowledge - `manual`: the handler settles each event with the methods of its delivery, as for a
   *   worker
   * @throws {@link ClosedError} the connection has been closed
   * @throws {@link OptionsError}
   */
  constructor(
    rabbit: Connection,
    contract: C,
    handler: EventHandlerFor<C, Keys, Acknowledge, Size>,
    ...options: SubscriberArguments<C, Keys, ModeOptions<Acknowledge, Size> & WithBatch<Size>>
  )
  constructor(
    rabbit: Connection,
    contract: C,
    handler: EventHandler<C, Keys> | ManualEventHandler<C, Keys> | EventBatchHandler<C, Keys>,
    ...[options = {}]: readonly unknown[]
  ) {
    const queue: Consumed = { name: undefined, last: '' }
    super(receiverOptionsOf(rabbit, contract, handler as AnyEventHandler, options as Record<string, unknown>, queue))
    this.#queue = queue
  }

  /** The queue or stream that it consumes; `undefined` while an ephemeral subscriber has none. */
  get queueName(): string | undefined {
    return this.#queue.name
  }
}

/** The queue or stream that a subscriber consumes, and the one that it consumed last. */
interface Consumed {
  name: string | undefined
  last: string
}

/** A handler of any of the kinds that the options can ask for. */
type AnyEventHandler = (given: unknown, beside: unknown) => unknown

function receiverOptionsOf(
  rabbit: Connection,
  subscribed: Subscribable,
  handler: AnyEventHandler,
  options: Record<string, unknown>,
  queue: Consumed,
): ReceiverOptions<SubscriberEvents> {
  checkContract('Subscriber', subscribed, 'exchange', 'subscription', 'stream')
  checkHandler('Subscriber', handler)
  const plan = planOf(subscribed, options)
  const { kind, handling, contract, reader } = plan
  const internals = internalsOf(rabbit)
  internals.assertOpen()
  const { consumeLane: lane, settings: connection, log } = internals
  const events = eventsOf(plan, queue, log)
  const reading = reader && new StreamReader({ ...reader, name: contract.name, lane, events })
  const copies = publishCopies(rabbit, { role: 'subscriber', contract: contract.name })
  const settler = new Settler(contract, copies, connection.topology === 'declare')
  const engine = new ConsumeEngine({
    contract,
    place: placeOf(internals, plan),
    decode: decoding(plan, events),
    handler: handling.batch === undefined ? handler : batchOfEvents(handler),
    settings: handling,
    settler: reading ? new StreamSettler(settler, contract, reading) : settler,
    stream: reading,
    lane,
    interceptors: connection.interceptors,
    events,
    keepsConsuming: kind === 'ephemeral',
    prepare: naming(queue, preparing(internals, subscribed, plan, reading)),
  })
  const closed = async (timeoutMs: number): Promise<void> => await reading?.close(timeoutMs)
  return { role: 'subscriber', name: contract.name, internals, engine, events, closed }
}

/** The place of its deliveries, for traces. */
function placeOf({ name: connection, consumeLane }: ConnectionInternals, plan: SubscriberPlan): ConsumePlace {
  return {
    connection,
    role: 'subscriber',
    contract: plan.contract.name,
    isEphemeral: plan.kind === 'ephemeral',
    server: () => consumeLane.server,
    templateOf: templatesOf(plan),
  }
}

function templatesOf({ exchange }: SubscriberPlan): ConsumePlace['templateOf'] {
  if (exchange.type !== 'topic') return undefined
  const contracts = templateContractsOf(exchange)
  return (routingKey) => contracts.find(routingKey)?.template
}

/** Makes a batch handler that gets events, with their `event` in place of a `payload`. */
function batchOfEvents(handler: AnyEventHandler): BatchHandler<unknown> {
  return (items, signal) => {
    const events = items.map(({ payload: event, delivery }) => ({ event, delivery }))
    return handler(events, signal)
  }
}

function preparing(
  internals: ConnectionInternals,
  subscribed: Subscribable,
  plan: SubscriberPlan,
  reading: StreamReader | undefined,
): Prepare {
  if (subscribed.kind === 'subscription') return prepareSubscription(internals, subscribed)
  if (subscribed.kind === 'stream' && reading !== undefined) return prepareStream(internals, subscribed, reading)
  return prepareOwnQueue(internals, plan)
}

/** Makes each preparation note the name of the queue that it returns. */
function naming(queue: Consumed, prepare: Prepare): Prepare {
  return async (channel, signal) => {
    queue.name = undefined
    queue.last = await prepare(channel, signal)
    queue.name = queue.last
    return queue.last
  }
}

function decoding(
  { exchange, bindingKeys, onUnknown: policy }: SubscriberPlan,
  events: RoleEvents<SubscriberEvents>,
): ReturnType<typeof decoderOf> {
  const unexpected = oncePerKey((routingKey) => events.report('binding.unexpected', { routingKey }))
  return decoderOf(exchange, bindingKeys, { policy, unexpected })
}

/** The events of a subscriber, with the log lines for them and for its contract. */
function eventsOf(
  { kind, contract, handling }: SubscriberPlan,
  queue: Consumed,
  log: Log,
): RoleEvents<SubscriberEvents> {
  if (kind !== 'ephemeral') queue.last = contract.name
  const events = new RoleEvents<SubscriberEvents>('subscriber', () => queue.last)
  const lines = subscriberLines(contract.name)
  log.follow(events, lines)
  log.warnFirst(events, lines, `subscriber of '${contract.name}'`, workerWarnings)
  warnOfPolicy(contract, log)
  warnOfLoops(contract, handling.handlerTimeoutMs, log)
  if (kind === 'durable') warnOfDrops(contract, log)
  if (kind === 'ephemeral') reportGaps(events, queue)
  return events
}

function reportGaps(events: RoleEvents<SubscriberEvents>, queue: Consumed): void {
  let lostAt = 0
  events.on('channel.lost', ({ reason }) => {
    lostAt = performance.now() - silenceBefore(reason)
    queue.name = undefined
  })
  events.on('channel.recovered', () => {
    events.report('gap', { durationMs: Math.round(performance.now() - lostAt) })
  })
}

/** The number of routing keys that are remembered, so that each is reported once. Later ones are not reported. */
const MAX_REPORTED = 1_000

function oncePerKey(report: (routingKey: string) => void): (routingKey: string) => void {
  const reported = new Set<string>()
  return (routingKey) => {
    if (reported.has(routingKey) || reported.size >= MAX_REPORTED) return
    reported.add(routingKey)
    report(routingKey)
  }
}
