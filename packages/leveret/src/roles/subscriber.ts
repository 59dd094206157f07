import type { z } from 'zod'
import type { Channel } from '../connection/channel.js'
import { type Connection, type ConnectionInternals, internalsOf } from '../connection/connection.js'
import type { Delivery } from '../connection/delivery.js'
import { silenceBefore } from '../connection/silence.js'
import { postponingDelaysMs } from '../consuming/deduplication.js'
import { Engine } from '../consuming/engine.js'
import { decoderOf } from '../consuming/events-of.js'
import { type HandlingSettings, handlingOptions } from '../consuming/handling-options.js'
import { Receiver, type ReceiverParts } from '../consuming/receiver.js'
import { Settler } from '../consuming/settler.js'
import type { OrderKey } from '../consuming/slots.js'
import { type SubscriberEvents, subscriberLines } from '../consuming/subscriber-events.js'
import {
  bindingsOf,
  durableQueue,
  ephemeralQueue,
  type SubscriptionSettings,
  subscriptionOptions,
} from '../consuming/subscription-options.js'
import type { BindingKeyProblem, EventOf, RoutedExchange } from '../contract/event-types.js'
import type { Exchange, HeadersExchange } from '../contract/exchange.js'
import type { Schema } from '../contract/schema.js'
import type { WorkQueue, WorkQueueOptions } from '../contract/work-queue.js'
import { OptionsError } from '../errors.js'
import { Events } from '../events.js'
import { parseOptions } from '../options.js'
import { publishCopies } from '../publishing/copies.js'
import { tellPolicy, warnOfDrops, warnOfLoops } from '../topology/advice.js'
import { neededToWork } from '../topology/declarations.js'
import { declare } from '../topology/declare.js'
import { exchangeDeclarationsOf } from '../topology/exchange-declarations.js'
import { type Binding, bindingsTo, subscriptionDeclarations } from '../topology/subscription.js'

type Handling = Omit<z.input<typeof handlingOptions>, 'orderBy' | 'batch' | 'acknowledge'>
type Durable = Pick<WorkQueueOptions<Schema>, 'retry' | 'deadLetter' | 'onInvalid'> & {
  readonly settings?: WorkQueueOptions<Schema>['queue']
}

/** What a subscriber wants, and how it handles it. */
export type SubscriberOptions<E extends Exchange, Keys extends readonly string[]> = Handling &
  Durable &
  Pick<z.input<typeof subscriptionOptions>, 'queue' | 'maxLength' | 'onUnknown'> & {
    /** Events of one key are handled one after the other, in the order in which they came. */
    readonly orderBy?: (event: EventOf<E, Keys[number]>) => OrderKey
  } & (E extends RoutedExchange
    ? { /** Routing keys, or patterns of them. */ readonly bindingKeys: Keys }
    : E extends HeadersExchange
      ? Pick<z.input<typeof subscriptionOptions>, 'matches'>
      : unknown)

/** Handles one event. Returning acknowledges; throwing fails the attempt. */
export type EventHandler<E extends Exchange, Keys extends readonly string[]> = (
  event: EventOf<E, Keys[number]>,
  delivery: Delivery,
) => unknown

/**
 * Gets the events of an exchange. With `queue` it is durable: what fails is tried again and kept as a dead letter, as a worker's is.
 * Without, it is ephemeral: it gets what comes while it is connected, each at most until its handler has ended, and tells its gaps.
 */
export class Subscriber<
  const E extends Exchange,
  const Keys extends readonly string[] = readonly string[],
> extends Receiver<SubscriberEvents> {
  readonly #queue: { name: string | undefined }

  /**
   * Nothing is opened or declared before `start`.
   *
   * @param options.bindingKeys - for direct and topic exchanges; one that can match no message of the contract does not compile
   * @throws {@link ClosedError} the connection has been closed
   * @throws {@link OptionsError}
   */
  constructor(
    rabbit: Connection,
    exchange: E,
    handler: EventHandler<E, Keys>,
    ...[options]: E extends RoutedExchange
      ? [options: SubscriberOptions<E, Keys> & BindingKeyProblem<E, Keys>]
      : [options?: SubscriberOptions<E, Keys>]
  ) {
    const queue = { name: undefined }
    super(partsOf(rabbit, exchange, handler as AnyEventHandler, (options ?? {}) as Record<string, unknown>, queue))
    this.#queue = queue
  }

  /** The queue that it consumes; `undefined` while an ephemeral subscriber has none. */
  get queueName(): string | undefined {
    return this.#queue.name
  }
}

type AnyEventHandler = (event: unknown, delivery: Delivery) => unknown

function partsOf(
  rabbit: Connection,
  exchange: Exchange,
  handler: AnyEventHandler,
  options: Record<string, unknown>,
  queue: { name: string | undefined },
): ReceiverParts<SubscriberEvents> {
  const { concurrency, prefetch, handlerTimeoutMs, orderBy, isolation, breaker, deduplicate, ...rest } = options
  const handled = { concurrency, prefetch, handlerTimeoutMs, orderBy, isolation, breaker, deduplicate }
  const handling = parseOptions(handlingOptions, handled, 'Subscriber')
  const settings = parseOptions(subscriptionOptions, rest, 'Subscriber')
  const isDurable = settings.queue !== undefined
  const subscription = subscriptionOf(exchange, settings, handling)
  const internals = internalsOf(rabbit)
  internals.assertOpen()
  const { consumeLane: lane, settings: connection, log } = internals
  const { contract } = subscription
  const events = new Events<SubscriberEvents>()
  log.follow(events, subscriberLines(contract.name), { queue: contract.name })
  tellPolicy(contract, log)
  warnOfLoops(contract, handling.handlerTimeoutMs, log)
  if (isDurable) warnOfDrops(contract, log)
  else tellGaps(events, queue)
  const engine = new Engine({
    contract,
    decode: decoderOf(exchange, settings.bindingKeys ?? [], {
      policy: settings.onUnknown ?? (isDurable ? 'dead-letter' : 'ignore'),
      unexpected: oncePerKey((routingKey) => events.emit('binding.unexpected', { routingKey })),
    }),
    handler,
    settings: { ...handling, isolation: handling.isolation && isDurable },
    settler: new Settler(contract, publishCopies(rabbit), connection.topology === 'declare'),
    lane,
    interceptors: connection.interceptors,
    events,
    keepsConsuming: !isDurable,
    prepare: async (channel, signal) => {
      const prepare = isDurable ? prepareDurable : prepareEphemeral
      queue.name = undefined
      queue.name = await prepare(internals, subscription, channel, signal)
      return queue.name
    },
  })
  return { role: 'subscriber', name: contract.name, internals, engine, events }
}

interface Subscription {
  readonly exchange: Exchange
  readonly bindings: readonly Binding[]
  readonly contract: WorkQueue
  /** Delays that its deliveries may need beside those of the contract. */
  readonly delaysMs: readonly number[]
  readonly maxLength: number | undefined
}

function subscriptionOf(exchange: Exchange, settings: SubscriptionSettings, handling: HandlingSettings): Subscription {
  const { queue, maxLength } = settings
  if (queue === undefined && handling.deduplicate !== undefined) {
    throw new OptionsError('Subscriber: deduplicate is for durable subscribers: name a queue')
  }
  return {
    exchange,
    bindings: bindingsOf(exchange, settings),
    contract: queue === undefined ? ephemeralQueue(exchange, settings) : durableQueue(queue, exchange, settings),
    delaysMs: postponingDelaysMs(handling),
    maxLength,
  }
}

type Prepare = (
  internals: ConnectionInternals,
  subscription: Subscription,
  channel: Channel,
  signal: AbortSignal,
) => Promise<string>

const prepareDurable: Prepare = async (
  { consumeLane, settings },
  { exchange, bindings, contract, delaysMs },
  _channel,
  signal,
) => {
  const mode = settings.topology
  const needed = [...subscriptionDeclarations(exchange, contract, bindings), ...neededToWork(contract, mode, delaysMs)]
  await declare(consumeLane, needed, mode, signal)
  return contract.name
}

/** On the consumer's own channel: a queue of the connection that is gone cannot be meant. All is bound before anything is consumed. */
const prepareEphemeral: Prepare = async (
  { consumeLane, settings },
  { exchange, bindings, maxLength },
  channel,
  signal,
) => {
  await declare(consumeLane, exchangeDeclarationsOf(exchange), settings.topology, signal)
  const name = await channel.declareOwnQueue(maxLength === undefined ? {} : { 'x-max-length': maxLength })
  for (const binding of bindingsTo(exchange, name, bindings)) await channel.bind(binding)
  return name
}

function tellGaps(events: Events<SubscriberEvents>, queue: { name: string | undefined }): void {
  let lostAt = 0
  events.on('channel.lost', ({ reason }) => {
    lostAt = performance.now() - silenceBefore(reason)
    queue.name = undefined
  })
  events.on('channel.recovered', () => {
    events.emit('gap', { durationMs: Math.round(performance.now() - lostAt), queue: queue.name ?? '' })
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
