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

/** An event as its publisher gives it: of a headers exchange its headers and its payload, of a fanout exchange its payload, else its routing key and its payload. */
export type TestEvent<E extends Exchange> =
  E extends HeadersExchange<string, infer H, infer S>
    ? { readonly headers: SchemaInput<H>; readonly payload: SchemaInput<S> }
    : E extends FanoutExchange<string, infer S>
      ? { readonly payload: SchemaInput<S> }
      : { readonly routingKey: string; readonly payload: InputOf<E> }

/** How its subscriber handles it: one event at a time, and what its handler returns decides. */
export type TestSubscriberOptions<C extends Subscribable> = Omit<
  SubscriberOptions<C>,
  'bindingKeys' | 'headers' | 'only' | 'offset' | 'store'
>

/** An event that waits for its handler. */
export interface TestEventDelivery<C extends Subscribable> {
  /**
   * Has a handler handle it, by a subscriber on a broker of its own, and tells what the subscriber made of it.
   *
   * @throws what `Publisher.publish` and `Subscriber.start` throw, as a rejection; Error the contract's binding keys do not bring the event
   */
  handledBy(handler: EventHandler<C>, options?: TestSubscriberOptions<C>): Promise<TestVerdict>
}

/** An event, as it is published. */
interface AnyEvent {
  readonly routingKey?: string
  readonly headers?: unknown
  readonly payload: unknown
}

/** What all subscribers are here. */
interface AnySubscriber extends Judging {
  start(): Promise<void>
}

/** The constructor of `Subscriber` without its types, which ask for one contract. */
type MakeSubscriber = new (
  rabbit: Connection,
  contract: Subscribable,
  handler: unknown,
  options: object,
) => AnySubscriber

/** Publishes an event, and has a subscriber of a contract handle it. */
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
      `'${contract.name}' gets no event with the routing key '${routingKey ?? ''}': no binding brings it.`,
    )
  if (attempt !== undefined) await replaceByLaterAttempt(broker, contract.name, attempt)
  await subscriber.start()
  return await ended
}

/** What a subscriber says of the events that it wants: that it is this one. */
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
  // Each type of exchange has a function of its own, which takes these.
  const send = publisher.publish as (...given: unknown[]) => Promise<unknown>
  if (exchange.type === 'fanout') await send(payload, options)
  else await send(exchange.type === 'headers' ? headers : routingKey, payload, options)
}
