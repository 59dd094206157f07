import { describe, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import type { BindingKeyProblem, InputFor } from '../../src/contract/exchanges/event-types.js'
import {
  directExchange,
  type EventOf,
  type Exchange,
  fanoutExchange,
  headersExchange,
  type Published,
  type PublishFunction,
  type PublishOptions,
  type RoutedEvent,
  topicExchange,
} from '../../src/index.js'

const Created = z.object({ id: z.int() })
const Shipped = z.object({ at: z.string().transform((text) => new Date(text)) })
const Line = z.string()

const shop = topicExchange('shop', { 'order.created': Created, 'order.*.shipped': Shipped, 'audit.#': Line })
const logs = directExchange('direct_logs', { info: Line, error: Created, 'a.b': Line })
const news = fanoutExchange('news', { payload: Shipped })
const reports = headersExchange('reports', {
  headers: z.object({ format: z.enum(['pdf', 'csv']), pages: z.coerce.number() }),
  payload: Shipped,
})

/** A publisher's `publish` that sends nothing: only the compiler is asked. */
function publishTo<E extends Exchange>(_contract: E): PublishFunction<E> {
  const publish = async (): Promise<Published> => ({ messageId: '', routed: true })
  return publish as unknown as PublishFunction<E>
}

describe('publishing to a topic exchange', () => {
  const publish = publishTo(shop)
  const region: string = 'eu'
  const near: 'eu' | 'us' = region === 'eu' ? 'eu' : 'us'

  test('takes the input of the schema that the routing key has', async () => {
    expectTypeOf(await publish('order.created', { id: 1 })).toEqualTypeOf<Published>()
    await publish('order.eu.shipped', { at: '2026-01-01' }, { mandatory: true })
    await publish('audit', 'a line')
    await publish('audit.login.failed', 'a line')
    // @ts-expect-error what the handler gets is not what is sent
    await publish('order.eu.shipped', { at: new Date() })
    // @ts-expect-error the payload of another template
    await publish('order.created', { at: '2026-01-01' })
    // @ts-expect-error a payload is needed
    await publish('order.created')
    // @ts-expect-error there is no such option
    await publish('audit', 'a line', { mandatry: true })
  })

  test('takes template strings, of unions and of any string', async () => {
    await publish(`order.${near}.shipped`, { at: '2026-01-01' })
    await publish(`order.${region}.shipped`, { at: '2026-01-01' })
    await publish(`audit.${region}`, 'a line')
    // @ts-expect-error the template is known all the same
    await publish(`order.${region}.shipped`, { id: 1 })
    // It may become either.
    await publish(`order.${region}`, { id: 1 })
    await publish(`order.${region}`, { at: '2026-01-01' })
    // @ts-expect-error but no line
    await publish(`order.${region}`, 'a line')
  })

  test('takes any payload of the exchange for a key that is not known at compile time', async () => {
    await publish(region, { id: 1 })
    await publish(region, { at: '2026-01-01' })
    await publish(region, 'a line')
    // @ts-expect-error no template has this
    await publish(region, 1)
  })

  test('says what is wrong with a routing key', async () => {
    // @ts-expect-error no such template
    await publish('oder.created', { id: 1 })
    // @ts-expect-error one word is missing
    await publish('order.shipped', { at: '2026-01-01' })
    // @ts-expect-error no template begins so
    await publish(`oder.${region}`, { id: 1 })
    type Problem = "no template of the exchange 'shop' matches the routing key 'oder.created'"
    expectTypeOf<InputFor<typeof shop, 'oder.created'>>().toEqualTypeOf<Problem>()
    type Wild = "'*' and '#' are for binding keys, not for 'order.*.shipped'"
    expectTypeOf<InputFor<typeof shop, 'order.*.shipped'>>().toEqualTypeOf<Wild>()
  })
})

test('publishing to a direct exchange takes its keys, and no patterns', async () => {
  const publish = publishTo(logs)
  await publish('info', 'a line')
  await publish('error', { id: 1 })
  // @ts-expect-error the payload of another key
  await publish('info', { id: 1 })
  // @ts-expect-error no such key
  await publish('warning', 'a line')
  // @ts-expect-error no pattern either
  await publish('a.*', 'a line')
  const severity: string = 'info'
  await publish(severity, 'a line')
})

test('publishing to the others takes no routing key', () => {
  expectTypeOf(publishTo(news)).toEqualTypeOf<
    (payload: { at: string }, options?: PublishOptions) => Promise<Published>
  >()
  expectTypeOf(publishTo(reports)).toEqualTypeOf<
    (
      headers: { format: 'pdf' | 'csv'; pages: unknown },
      payload: { at: string },
      options?: PublishOptions,
    ) => Promise<Published>
  >()
})

describe('what a handler gets', () => {
  type Of<Key extends string> = EventOf<typeof shop, Key>
  type CreatedEvent = RoutedEvent<'order.created', z.output<typeof Created>>
  type ShippedEvent = RoutedEvent<'order.*.shipped', z.output<typeof Shipped>>
  type AuditEvent = RoutedEvent<'audit.#', z.output<typeof Line>>

  test('is what the binding keys can bring', () => {
    expectTypeOf<Of<'order.created'>>().toEqualTypeOf<CreatedEvent>()
    expectTypeOf<Of<'order.eu.shipped'>>().toEqualTypeOf<ShippedEvent>()
    expectTypeOf<Of<'order.*'>>().toEqualTypeOf<CreatedEvent>()
    expectTypeOf<Of<'order.#'>>().toEqualTypeOf<CreatedEvent | ShippedEvent>()
    expectTypeOf<Of<'#.shipped'>>().toEqualTypeOf<ShippedEvent | AuditEvent>()
    expectTypeOf<Of<'order.created' | 'audit.*'>>().toEqualTypeOf<CreatedEvent | AuditEvent>()
    expectTypeOf<Of<'#'>>().toEqualTypeOf<CreatedEvent | ShippedEvent | AuditEvent>()
    expectTypeOf<Of<string>>().toEqualTypeOf<CreatedEvent | ShippedEvent | AuditEvent>()
    expectTypeOf<EventOf<typeof shop>>().toEqualTypeOf<CreatedEvent | ShippedEvent | AuditEvent>()
    expectTypeOf<EventOf<typeof logs, 'error'>>().toEqualTypeOf<RoutedEvent<'error', z.output<typeof Created>>>()
    expectTypeOf<EventOf<typeof logs, '#'>>().toEqualTypeOf<never>()
  })

  test('is narrowed by its template, to the output of the schema', () => {
    expectTypeOf<Of<'order.#'>['payload']>().toEqualTypeOf<{ id: number } | { at: Date }>()
    const read = (event: Of<'order.#'>): number =>
      event.template === 'order.created' ? event.payload.id : event.payload.at.getTime()
    expectTypeOf(read).returns.toEqualTypeOf<number>()
    expectTypeOf<EventOf<typeof news>>().toEqualTypeOf<{
      readonly routingKey: string
      readonly payload: { at: Date }
    }>()
    expectTypeOf<EventOf<typeof reports>>().toEqualTypeOf<{
      readonly routingKey: string
      readonly headers: { format: 'pdf' | 'csv'; pages: number }
      readonly payload: { at: Date }
    }>()
  })
})

test('a binding key that can match no message is named, with its exchange', () => {
  type Problem<E extends Exchange, Keys extends readonly string[]> = BindingKeyProblem<E, Keys>
  expectTypeOf<Problem<typeof shop, ['order.#', 'audit.login', '#', '*.*']>>().toEqualTypeOf<unknown>()
  expectTypeOf<Problem<typeof shop, string[]>>().toEqualTypeOf<unknown>()
  expectTypeOf<Problem<typeof shop, []>>().toEqualTypeOf<unknown>()
  expectTypeOf<Problem<typeof news, ['any']>>().toEqualTypeOf<unknown>()
  expectTypeOf<Problem<typeof shop, ['order.#', 'oder.#']>>().toEqualTypeOf<{
    readonly bindingKeys: "the binding key 'oder.#' can match no message of the exchange 'shop'"
  }>()
  expectTypeOf<Problem<typeof logs, ['info', 'a.*']>>().toEqualTypeOf<{
    readonly bindingKeys: "the binding key 'a.*' can match no message of the exchange 'direct_logs'"
  }>()
})
