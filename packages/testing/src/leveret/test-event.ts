import {
  type Connection,
  connect,
  declare,
  type EventHandler,
  type Exchange,
  type ExchangeOf,
  type FanoutExchange,
  type HeadersExchange,
  type InputOf,
  Publisher,
  type SchemaInput,
  type Subscribable,
  Subscriber,
  type SubscriberOptions,
} from 'leveret'
import { startMemoryBroker } from '../memory/test-memory-broker.js'
import type { TestDeliveryOptions } from './delivery-options.js'
import { replaceByLaterAttempt } from './later-attempt.js'
import { firstVerdict, type Judging, type TestVerdict } from './verdicts.js'

/**
 * An event as its publisher gives it: the headers and the payload for a headers exchange, the payload for a fanout
 * exchange, otherwise the routing key and the payload.
 */
export type TestEvent<E extends Exchange> =
  E extends HeadersExchange<string, infer H, infer S>
    ? { readonly headers: SchemaInput<H>; readonly payload: SchemaInput<S> }
    : E extends FanoutExchange<string, infer S>
      ? { readonly payload: SchemaInput<S> }
      : { readonly routingKey: string; readonly payload: InputOf<E> }

/** Options of the subscriber. It handles one event at a time, and the result of its handler settles the event. */
export type TestSubscriberOptions<C extends Subscribable> = Omit<
  SubscriberOptions<C>,
  'bindingKeys' | 'headers' | 'only' | 'offset' | 'store'
>

/** An event that waits for its handler. */
export interface TestEventDelivery<C extends Subscribable> {
  /**
   * Lets a handler handle the event, through a subscriber on a broker of its own, and returns how the subscriber
   * settled it.
   *
   * @throws the errors of `Publisher.publish` and `Subscriber.start`, as a rejection
   * @throws Error as a rejection, if the contract's binding keys do not match the event
   */
  handledBy(handler: EventHandler<C>, options?: TestSubscriberOptions<C>): Promise<TestVerdict>
}

/** An event as it is published. */
interface AnyEvent {
  readonly routingKey?: string
  readonly headers?: unknown
  readonly payload: unknown
}

/** A subscriber of any contract. */
interface AnySubscriber extends Judging {
  start(): Promise<void>
}

/** The constructor of `Subscriber` without its types, which require one particular contract. */
type MakeSubscriber = new (
  rabbit: Connection,
  contract: Subscribable,
  handler: unknown,
  options: object,
) => AnySubscriber

/** Publishes an event, and lets a subscriber of a contract handle it. */
export async function handleEvent<C extends Subscribable>(
  contract: C,
  event: TestEvent<ExchangeOf<C>>,
  { attempt, ...message }: TestDeliveryOptions,
  handler: EventHandler<C>,
  options: object,
): Promise<TestVerdict> {
  const { routingKey } = event as AnyEvent
  await using broker = await startMemoryBroker()
  await using rabbit = await connect(broker.url)
  const subscriber = new (Subscriber as unknown as MakeSubscriber)(rabbit, contract, handler, {
    ...options,
    ...readingOf(contract, routingKey),
  })
  const ended = firstVerdict(subscriber)
  const send = () => publish(rabbit, contract.kind === 'exchange' ? contract : contract.of, event as AnyEvent, message)
  if (contract.kind === 'exchange') {
    await subscriber.start()
    await send()
    return await ended
  }
  await declare(rabbit, contract)
  await send()
  if (broker.publishedTo(contract.name).length === 0)
    throw new Error(
      `'${contract.name}' gets no event with the routing key '${routingKey ?? ''}': no binding matches it.`,
    )
  if (attempt !== undefined) await replaceByLaterAttempt(broker, contract.name, attempt)
  await subscriber.start()
  return await ended
}

/** Returns the options that make a subscriber read this event. */
function readingOf(contract: Subscribable, routingKey: string | undefined): object {
  if (contract.kind === 'stream') return { offset: 'first' }
  if (contract.kind !== 'exchange' || routingKey === undefined) return {}
  return { bindingKeys: [routingKey] }
}

async function publish(
  rabbit: Connection,
  exchange: Exchange,
  { routingKey, headers, payload }: AnyEvent,
  options: object,
): Promise<void> {
  await using publisher = new Publisher(rabbit, exchange)
  // Each type of exchange has its own signature of `publish`, and these are its arguments.
  const send = publisher.publish as (...given: unknown[]) => Promise<unknown>
  if (exchange.type === 'fanout') await send(payload, options)
  else await send(exchange.type === 'headers' ? headers : routingKey, payload, options)
}
