import type { z } from 'zod'
import { type Connection, type ConnectionInternals, internalsOf } from '../connection/connection.js'
import type { Delivery } from '../connection/delivery.js'
import { silenceBefore } from '../connection/silence.js'
import { Engine } from '../consuming/engine.js'
import { decoderOf } from '../consuming/events-of.js'
import { checkHandler, type handlingOptions } from '../consuming/handling-options.js'
import { type Prepare, prepareOwnQueue, prepareStream, prepareSubscription } from '../consuming/preparation.js'
import { Receiver, type ReceiverParts } from '../consuming/receiver.js'
import { Settler } from '../consuming/settler.js'
import type { OrderKey } from '../consuming/slots.js'
import { StreamReading } from '../consuming/stream-reading.js'
import { StreamSettler } from '../consuming/stream-settler.js'
import { type SubscriberEvents, subscriberLines } from '../consuming/subscriber-events.js'
import type { ephemeralOptions, readerOptions } from '../consuming/subscriber-options.js'
import { planOf, type SubscriberPlan } from '../consuming/subscriber-plan.js'
import type { BindingChoice } from '../contract/bindings.js'
import type { BindingKeyProblem, RoutedExchange, UselessKey } from '../contract/event-types.js'
import type { Exchange } from '../contract/exchange.js'
import { checkContract } from '../contract/shared-options.js'
import type { EventWithin, ExchangeOf, Subscribable } from '../contract/subscribable.js'
import type { Subscription } from '../contract/subscription.js'
import { Events } from '../events.js'
import { publishCopies } from '../publishing/copies.js'
import { tellPolicy, warnOfDrops, warnOfLoops } from '../topology/advice.js'

type Given = z.input<typeof handlingOptions>
type Handling = Omit<Given, 'orderBy' | 'batch' | 'acknowledge' | 'priority' | 'exclusive'>

type Ephemeral<E extends Exchange, Keys extends readonly string[]> = Omit<Handling, 'isolation' | 'deduplicate'> &
  Pick<z.input<typeof ephemeralOptions>, 'maxLength'> &
  BindingChoice<E, Keys>

type Durable = Handling & Pick<Given, 'priority' | 'exclusive'>

type Reader<E extends Exchange, Keys extends readonly string[]> = Omit<Handling, 'isolation'> &
  Omit<z.input<typeof readerOptions>, 'only'> &
  (E extends RoutedExchange
    ? {
        /**
         * Routing keys, or patterns of them, that this reader hands over. It reads past all others, without an event, and the stream
         * keeps them. @defaultValue what the contract's binding keys bring
         */
        readonly only?: Keys | undefined
      }
    : unknown)

/** How a subscriber handles what comes. Of an exchange it also says what is to come, and of a stream where it begins. */
export type SubscriberOptions<C extends Subscribable, Keys extends readonly string[] = readonly string[]> = {
  /** Events of one key are handled one after the other, in the order in which they came. It promises no more than a worker's `orderBy` does. */
  readonly orderBy?: ((event: EventWithin<C, Keys[number]>) => OrderKey) | undefined
} & (C extends Exchange ? Ephemeral<C, Keys> : C extends Subscription ? Durable : Reader<ExchangeOf<C>, Keys>)

/** Handles one event. Returning acknowledges; throwing fails the attempt. */
export type EventHandler<C extends Subscribable, Keys extends readonly string[] = readonly string[]> = (
  event: EventWithin<C, Keys[number]>,
  delivery: Delivery,
) => unknown

/** The options as they must be: an exchange with routing keys needs to be told which. */
type OptionsOf<C extends Subscribable, Keys extends readonly string[]> = C extends RoutedExchange
  ? [options: SubscriberOptions<C, Keys> & BindingKeyProblem<C, Keys>]
  : C extends Exchange
    ? [options?: SubscriberOptions<C, Keys>]
    : C extends Subscription
      ? [options?: SubscriberOptions<C>]
      : [
          options?: SubscriberOptions<C, Keys> & { readonly only?: Keys | undefined } & UselessKey<
              ExchangeOf<C>,
              Keys,
              'only'
            >,
        ]

/**
 * Gets the events of an exchange. By a `subscription` it is durable: what comes while nobody runs waits, what fails is tried again and kept
 * as a dead letter, as a worker's is, and every instance gets a share. By a `stream` it reads that, from where it is told to, each event
 * at least once, and takes nothing away from others. By an exchange alone it is ephemeral: it gets what comes while it is connected,
 * from a queue that goes with its connection, each at most until its handler has ended, and reports its gaps.
 */
export class Subscriber<
  const C extends Subscribable,
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
  constructor(rabbit: Connection, contract: C, handler: EventHandler<C, Keys>, ...[options]: OptionsOf<C, Keys>) {
    const queue = { name: undefined }
    super(partsOf(rabbit, contract, handler as AnyEventHandler, (options ?? {}) as Record<string, unknown>, queue))
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
  subscribed: Subscribable,
  handler: AnyEventHandler,
  options: Record<string, unknown>,
  queue: { name: string | undefined },
): ReceiverParts<SubscriberEvents> {
  checkContract('Subscriber', subscribed, 'exchange', 'subscription', 'stream')
  checkHandler('Subscriber', handler)
  const plan = planOf(subscribed, options)
  const { kind, handling, contract, reader } = plan
  const internals = internalsOf(rabbit)
  internals.assertOpen()
  const { consumeLane: lane, settings: connection, log } = internals
  const events = new Events<SubscriberEvents>()
  log.follow(events, subscriberLines(contract.name), { queue: contract.name })
  tellPolicy(contract, log)
  warnOfLoops(contract, handling.handlerTimeoutMs, log)
  if (kind === 'durable') warnOfDrops(contract, log)
  if (kind === 'ephemeral') tellGaps(events, queue)
  const reading = reader && new StreamReading({ ...reader, name: contract.name, lane, events })
  const settler = new Settler(contract, publishCopies(rabbit), connection.topology === 'declare')
  const prepare = preparing(internals, subscribed, plan, reading)
  const engine = new Engine({
    contract,
    decode: decoding(plan, events),
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

function preparing(
  internals: ConnectionInternals,
  subscribed: Subscribable,
  plan: SubscriberPlan,
  reading: StreamReading | undefined,
): Prepare {
  if (subscribed.kind === 'subscription') return prepareSubscription(internals, subscribed)
  if (subscribed.kind === 'stream' && reading !== undefined) return prepareStream(internals, subscribed, reading)
  return prepareOwnQueue(internals, plan)
}

function decoding(
  { exchange, bindingKeys, onUnknown: policy }: SubscriberPlan,
  events: Events<SubscriberEvents>,
): ReturnType<typeof decoderOf> {
  const unexpected = oncePerKey((routingKey) => events.emit('binding.unexpected', { routingKey }))
  return decoderOf(exchange, bindingKeys, { policy, unexpected })
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
