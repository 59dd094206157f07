import type { z } from 'zod'
import { type Connection, internalsOf } from '../connection/connection.js'
import type { Delivery } from '../connection/delivery.js'
import { silenceBefore } from '../connection/silence.js'
import { Engine } from '../consuming/engine.js'
import { decoderOf } from '../consuming/events-of.js'
import { checkHandler, type handlingOptions } from '../consuming/handling-options.js'
import { preparing } from '../consuming/preparation.js'
import { Receiver, type ReceiverParts } from '../consuming/receiver.js'
import { Settler } from '../consuming/settler.js'
import type { OrderKey } from '../consuming/slots.js'
import { StreamReading } from '../consuming/stream-reading.js'
import { StreamSettler } from '../consuming/stream-settler.js'
import { type SubscriberEvents, subscriberLines } from '../consuming/subscriber-events.js'
import { planOf } from '../consuming/subscriber-plan.js'
import type { subscriptionOptions } from '../consuming/subscription-options.js'
import type { BindingKeyProblem, EventOf, RoutedExchange } from '../contract/event-types.js'
import type { Exchange, HeadersExchange } from '../contract/exchange.js'
import type { RetryDelays } from '../contract/retry.js'
import type { Schema } from '../contract/schema.js'
import { checkContract } from '../contract/shared-options.js'
import type { WorkQueueOptions } from '../contract/work-queue.js'
import { Events } from '../events.js'
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

/** What a subscriber wants, and how it handles it. */
export type SubscriberOptions<E extends Exchange, Keys extends readonly string[]> = (Queued | Streamed) &
  Pick<Given, 'onUnknown'> & {
    /** Events of one key are handled one after the other, in the order in which they came. It promises no more than a worker's `orderBy` does. */
    readonly orderBy?: (event: EventOf<E, Keys[number]>) => OrderKey
  } & (E extends RoutedExchange
    ? { /** Routing keys, or patterns of them. */ readonly bindingKeys: Keys }
    : E extends HeadersExchange
      ? Pick<Given, 'matches'>
      : unknown)

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

  /** The queue or stream that it consumes; `undefined` while an ephemeral subscriber has none. */
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
  checkContract('Subscriber', exchange, 'exchange')
  checkHandler('Subscriber', handler)
  const { kind, settings, handling, contract, bindings } = planOf(exchange, options)
  const { stream, maxLength } = settings
  const internals = internalsOf(rabbit)
  internals.assertOpen()
  const { consumeLane: lane, settings: connection, log } = internals
  const events = new Events<SubscriberEvents>()
  log.follow(events, subscriberLines(contract.name), { queue: contract.name })
  tellPolicy(contract, log)
  warnOfLoops(contract, handling.handlerTimeoutMs, log)
  if (kind === 'durable') warnOfDrops(contract, log)
  if (kind === 'ephemeral') tellGaps(events, queue)
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
      unexpected: oncePerKey((routingKey) => events.emit('binding.unexpected', { routingKey })),
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
      queue.name = await prepare(channel, signal)
      return queue.name
    },
  })
  const closed = async (timeoutMs: number): Promise<void> => await reading?.close(timeoutMs)
  return { role: 'subscriber', name: contract.name, internals, engine, events, closed }
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
