import type { z } from 'zod'
import { type Connection, internalsOf } from '../connection/connection.js'
import type { Delivery } from '../connection/delivery.js'
import { silenceBefore } from '../connection/silence.js'
import { Engine } from '../consuming/engine.js'
import { decoderOf } from '../consuming/events-of.js'
import type { AnyHandler, ManualHandler } from '../consuming/handling.js'
import { checkHandler, type handlingOptions } from '../consuming/handling-options.js'
import { preparing } from '../consuming/preparation.js'
import { Receiver, type ReceiverParts } from '../consuming/receiver.js'
import { RoleEvents } from '../consuming/role-events.js'
import { Settler } from '../consuming/settler.js'
import type { BatchHandler } from '../consuming/shared-call.js'
import type { OrderKey } from '../consuming/slots.js'
import { StreamReading } from '../consuming/stream-reading.js'
import { StreamSettler } from '../consuming/stream-settler.js'
import { type SubscriberEvents, subscriberLines } from '../consuming/subscriber-events.js'
import { planOf, type SubscriberPlan } from '../consuming/subscriber-plan.js'
import type { subscriptionOptions } from '../consuming/subscription-options.js'
import type { BindingKeyProblem, EventOf, RoutedExchange } from '../contract/event-types.js'
import type { Exchange, HeadersExchange } from '../contract/exchange.js'
import type { RetryDelays } from '../contract/retry.js'
import type { Schema } from '../contract/schema.js'
import { checkContract } from '../contract/shared-options.js'
import type { WorkQueueOptions } from '../contract/work-queue.js'
import type { Log } from '../log.js'
import { publishCopies } from '../publishing/copies.js'
import { tellPolicy, warnOfDrops, warnOfLoops } from '../topology/advice.js'

type Handling = Omit<z.input<typeof handlingOptions>, 'orderBy' | 'batch' | 'acknowledge'>
type Durable = Pick<WorkQueueOptions<Schema>, 'retry' | 'deadLetter' | 'onInvalid'> & {
  readonly settings?: WorkQueueOptions<Schema>['queue']
}
type Given = z.input<typeof subscriptionOptions>

/** With a queue of its own, or one of a name. */
type Queued = Handling & Durable & Pick<Given, 'queue' | 'maxLength'> & { readonly stream?: undefined }

/** Nothing that is about a queue is for a stream. */
type Streamed = Omit<Handling, 'isolation'> &
  Pick<Durable, 'deadLetter'> & {
    readonly stream: NonNullable<Given['stream']>
    readonly retry?: RetryDelays | false
    readonly queue?: undefined
  }

/** What a subscriber wants, and how it handles one event after the other. */
export type SubscriberOptions<E extends Exchange, Keys extends readonly string[]> = Wanted<E, Keys> & OneByOne

/** What a subscriber wants, and how it handles events in batches: their order is that in which they came. */
export type BatchSubscriberOptions<E extends Exchange, Keys extends readonly string[]> = Wanted<E, Keys> & Batched

/** What a subscriber wants whose handler settles each event itself. */
export type ManualSubscriberOptions<E extends Exchange, Keys extends readonly string[]> = Wanted<E, Keys> & Manual

type Wanted<E extends Exchange, Keys extends readonly string[]> = (Queued | Streamed) &
  Pick<Given, 'onUnknown'> & {
    /** Events of one key are handled one after the other, in the order in which they came. */
    readonly orderBy?: (event: EventOf<E, Keys[number]>) => OrderKey
  } & (E extends RoutedExchange
    ? { /** Routing keys, or patterns of them. */ readonly bindingKeys: Keys }
    : E extends HeadersExchange
      ? Pick<Given, 'matches'>
      : unknown)

/** Where the options need not be given: an exchange without routing keys, and one event at a time. */
type Arguments<E extends Exchange, Keys extends readonly string[], Mode> = E extends RoutedExchange
  ? [options: Wanted<E, Keys> & BindingKeyProblem<E, Keys> & Mode]
  : Mode extends OneByOne
    ? [options?: Wanted<E, Keys> & Mode]
    : [options: Wanted<E, Keys> & Mode]

interface Batched {
  readonly batch: NonNullable<z.input<typeof handlingOptions>['batch']>
  readonly acknowledge?: 'on-return'
  readonly orderBy?: undefined
}

interface Manual {
  readonly acknowledge: 'manual'
  readonly batch?: undefined
}

interface OneByOne {
  readonly acknowledge?: 'on-return' | 'none'
  readonly batch?: undefined
}

/** Handles one event. Returning acknowledges; throwing fails the attempt. */
export type EventHandler<E extends Exchange, Keys extends readonly string[]> = (
  event: EventOf<E, Keys[number]>,
  delivery: Delivery,
) => unknown

/**
 * Gets the events of an exchange. With `queue` it is durable: what fails is tried again and kept as a dead letter, as a worker's is.
 * With `stream` it reads a stream, from where it is told to, each event at least once, and takes nothing away from others.
 * Without either, it is ephemeral: it gets what comes while it is connected, each at most until its handler has ended, and tells its
 * gaps.
 */
export class Subscriber<
  const E extends Exchange,
  const Keys extends readonly string[] = readonly string[],
> extends Receiver<SubscriberEvents> {
  readonly #queue: Consumed

  /**
   * Nothing is opened or declared before `start`.
   *
   * @param options.bindingKeys - for direct and topic exchanges; one that can match no message of the contract does not compile
   * @param options.batch - the handler gets events in batches, as a worker's does. Of a stream, what failed of a batch is tried again
   *   together in its place, and the offset is saved when all of it is done
   * @param options.acknowledge - `manual`: the handler settles each event by what its delivery offers, as a worker's does
   * @throws {@link ClosedError} the connection has been closed
   * @throws {@link OptionsError}
   */
  constructor(
    rabbit: Connection,
    exchange: E,
    handler: BatchHandler<EventOf<E, Keys[number]>>,
    ...options: Arguments<E, Keys, Batched>
  )
  constructor(
    rabbit: Connection,
    exchange: E,
    handler: ManualHandler<EventOf<E, Keys[number]>>,
    ...options: Arguments<E, Keys, Manual>
  )
  constructor(rabbit: Connection, exchange: E, handler: EventHandler<E, Keys>, ...options: Arguments<E, Keys, OneByOne>)
  constructor(
    rabbit: Connection,
    exchange: E,
    handler: AnyHandler<EventOf<E, Keys[number]>>,
    ...[options = {}]: readonly unknown[]
  ) {
    const queue: Consumed = { name: undefined, last: '' }
    super(partsOf(rabbit, exchange, handler as AnyEventHandler, options as Record<string, unknown>, queue))
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

type AnyEventHandler = (event: unknown, delivery: Delivery) => unknown

function partsOf(
  rabbit: Connection,
  exchange: Exchange,
  handler: AnyEventHandler,
  options: Record<string, unknown>,
  queue: Consumed,
): ReceiverParts<SubscriberEvents> {
  checkContract('Subscriber', exchange, 'exchange')
  checkHandler('Subscriber', handler)
  const plan = planOf(exchange, options)
  const { kind, settings, handling, contract, bindings } = plan
  const { stream, maxLength } = settings
  const internals = internalsOf(rabbit)
  internals.assertOpen()
  const { consumeLane: lane, settings: connection, log } = internals
  const events = eventsOf(plan, queue, log)
  const reading = stream && new StreamReading({ ...stream, lane, events })
  const settler = new Settler(contract, publishCopies(rabbit), connection.topology === 'declare')
  const prepare = preparing(kind, internals, {
    exchange,
    bindings,
    contract,
    maxLength,
    reading,
  })
  const engine = new Engine({
    contract,
    decode: decoderOf(exchange, settings.bindingKeys ?? [], {
      policy: settings.onUnknown ?? (kind === 'durable' ? 'retry' : 'ignore'),
      unexpected: oncePerKey((routingKey) => events.tell('binding.unexpected', { routingKey })),
    }),
    handler,
    settings: handling,
    settler: reading ? new StreamSettler(settler, contract, reading) : settler,
    stream: reading,
    lane,
    interceptors: connection.interceptors,
    events,
    keepsConsuming: kind === 'ephemeral',
    prepare: async (channel, signal) => {
      queue.name = undefined
      queue.last = await prepare(channel, signal)
      queue.name = queue.last
      return queue.last
    },
  })
  const closed = async (timeoutMs: number): Promise<void> => await reading?.close(timeoutMs)
  return { role: 'subscriber', name: contract.name, internals, engine, events, closed }
}

/** The events of a subscriber, with what its log says of them and of its contract. */
function eventsOf(
  { kind, contract, handling }: SubscriberPlan,
  queue: Consumed,
  log: Log,
): RoleEvents<SubscriberEvents> {
  if (kind !== 'ephemeral') queue.last = contract.name
  const events = new RoleEvents<SubscriberEvents>('subscriber', () => queue.last)
  log.follow(events, subscriberLines(contract.name))
  tellPolicy(contract, log)
  warnOfLoops(contract, handling.handlerTimeoutMs, log)
  if (kind === 'durable') warnOfDrops(contract, log)
  if (kind === 'ephemeral') tellGaps(events, queue)
  return events
}

function tellGaps(events: RoleEvents<SubscriberEvents>, queue: Consumed): void {
  let lostAt = 0
  events.on('channel.lost', ({ reason }) => {
    lostAt = performance.now() - silenceBefore(reason)
    queue.name = undefined
  })
  events.on('channel.recovered', () => {
    events.tell('gap', { durationMs: Math.round(performance.now() - lostAt) })
  })
}

/** Told keys that are remembered. */
const MAX_TOLD = 1_000

function oncePerKey(tell: (routingKey: string) => void): (routingKey: string) => void {
  const told = new Set<string>()
  return (routingKey) => {
    if (told.has(routingKey) || told.size >= MAX_TOLD) return
    told.add(routingKey)
    tell(routingKey)
  }
}
