import { describe, expect } from 'vitest'
import { z } from 'zod'
import { DeadLetters, fanoutExchange, Publisher, Subscriber, subscription, topicExchange } from '../../src/index.js'
import { eventually, firstEvent, test } from '../support/support.js'

const Created = z.object({ id: z.int(), at: z.string() })
const Shipped = z.object({ id: z.int(), to: z.string() })
const shop = topicExchange('shop', { 'order.created': Created, 'order.*.shipped': Shipped, 'audit.#': z.string() })
/** The same exchange for those who know nothing of its contract. */
const anything = topicExchange('shop', { '#': z.unknown() })

test('a payload is judged by the template that its routing key matches, whatever other schema it fits', async ({
  rabbit,
}) => {
  const seen: unknown[] = []
  const orders = subscription('orders', { of: shop, bindingKeys: ['order.#'] })
  const subscriber = new Subscriber(
    rabbit,
    orders,
    ({ template, payload }) => void seen.push(template === 'order.created' ? [template, payload.at] : template),
  )
  await subscriber.start()
  const publisher = new Publisher(rabbit, anything)
  const fitsBoth = { id: 1, at: 'noon', to: 'Oslo' }
  await publisher.publish('order.created', fitsBoth)
  await publisher.publish('order.eu.shipped', fitsBoth)
  await publisher.publish('order.created', { id: 2, to: 'fits the other one' })
  await publisher.publish('order.eu.shipped', { id: 3, at: 'fits the other one' })
  const letters = new DeadLetters(rabbit, orders)
  await eventually(async () => expect(await letters.count()).toBe(2))
  expect(seen).toEqual([['order.created', 'noon'], 'order.*.shipped'])
  const kept = await letters.peek()
  expect(kept.map(({ reason, routingKey }) => [reason, routingKey]).sort()).toEqual([
    ['invalid-payload', 'order.created'],
    ['invalid-payload', 'order.eu.shipped'],
  ])
})

describe('a message of another program on a shared exchange, which the contract does not know', () => {
  const keys = ['stock.low', 'stock.low', 'order.lost']

  test('is handled by an instance that knows it, when it comes to one that does not during a rolling deploy', async ({
    rabbit,
    connectTo,
    vhost,
  }) => {
    const retry = { delaysMs: [100, 100, 100, 100, 100] }
    const everything = { bindingKeys: ['#'], retry } as const
    const old = new Subscriber(rabbit, subscription('everything', { of: shop, ...everything }), () => undefined)
    const first = Promise.race([
      firstEvent(old as never, 'delivery.retried'),
      firstEvent(old as never, 'delivery.dead-lettered'),
    ])
    await old.start()
    await new Publisher(rabbit, anything).publish('stock.low', 'one left')
    expect(await first).toMatchObject({ attempt: 1, afterMs: 100, failure: { name: 'UnknownMessage' } })
    await old.close()
    const seen: unknown[] = []
    const known = subscription('everything', { of: anything, ...everything })
    const newer = new Subscriber(await connectTo(), known, (event) => void seen.push(event))
    await newer.start()
    await eventually(() => expect(seen).toEqual([{ template: '#', routingKey: 'stock.low', payload: 'one left' }]))
    await eventually(async () => expect(await vhost.queue('everything.dead-letter')).toMatchObject({ messages: 0 }))
  })

  test('is a dead letter of a durable subscriber after its last attempt, and opens no circuit breaker', async ({
    rabbit,
  }) => {
    const breaker = { failureRate: 0.1, minAttempts: 1 }
    const everything = subscription('everything', { of: shop, bindingKeys: ['#'], retry: { delaysMs: [50, 50] } })
    const subscriber = new Subscriber(rabbit, everything, () => undefined, { breaker })
    const paused: unknown[] = []
    subscriber.on('paused', (event) => paused.push(event))
    const dead = firstEvent(subscriber as never, 'delivery.dead-lettered')
    await subscriber.start()
    await new Publisher(rabbit, anything).publish('stock.low', 'line')
    expect(await dead).toMatchObject({ attempt: 3, reason: 'unknown-message' })
    const letters = await new DeadLetters(rabbit, everything).peek()
    expect(letters.map(({ routingKey, template }) => [routingKey, template])).toEqual([['stock.low', undefined]])
    await expect(letters[0]?.payload()).rejects.toThrow(
      "no template of the exchange matches the routing key 'stock.low'",
    )
    expect(paused).toEqual([])
  })

  test('is a dead letter at once where that is asked for, with its routing key, and reaches no handler', async ({
    rabbit,
  }) => {
    const seen: unknown[] = []
    const everything = subscription('everything', { of: shop, bindingKeys: ['#'], onUnknown: 'dead-letter' })
    await new Subscriber(rabbit, everything, ({ routingKey }) => void seen.push(routingKey)).start()
    const publisher = new Publisher(rabbit, anything)
    for (const key of [...keys, 'audit']) await publisher.publish(key, 'line')
    const letters = new DeadLetters(rabbit, everything)
    await eventually(async () => expect(await letters.count()).toBe(3))
    expect((await letters.peek()).map(({ routingKey }) => routingKey).sort()).toEqual([...keys].sort())
    expect((await letters.peek())[0]?.error?.message).toMatch(
      /^the exchange 'shop' has no template for the routing key/,
    )
    expect(seen).toEqual(['audit'])
  })

  test.for(['durable, with that option', 'ephemeral'])(
    'is ignored, and reported each time, by one that is %s',
    async (kind, { rabbit, vhost }) => {
      const seen: unknown[] = []
      const ignored: unknown[] = []
      const handler = ({ routingKey }: { routingKey: string }): void => void seen.push(routingKey)
      const everything = subscription('everything', { of: shop, bindingKeys: ['#'], onUnknown: 'ignore' })
      const subscriber =
        kind === 'ephemeral'
          ? new Subscriber(rabbit, shop, handler, { bindingKeys: ['#'] })
          : new Subscriber(rabbit, everything, handler)
      subscriber.on('delivery.ignored', ({ messageId }) => ignored.push(messageId))
      await subscriber.start()
      const publisher = new Publisher(rabbit, anything)
      const published = []
      for (const key of keys) published.push(await publisher.publish(key, 'line'))
      await publisher.publish('audit', 'line')
      await eventually(() => expect(seen).toEqual(['audit']))
      expect(ignored).toEqual(published.map(({ messageId }) => messageId))
      await eventually(async () => expect((await vhost.queues()).every(({ messages }) => messages === 0)).toBe(true))
    },
  )
})

test('a binding that the contract no longer has is reported, and stays', async ({ rabbit, vhost, broker }) => {
  const handler = (): void => undefined
  const both = subscription('lines', { of: shop, bindingKeys: ['order.#', 'audit.#'] })
  const former = new Subscriber(rabbit, both, handler)
  await former.start()
  await former.close()
  const unexpected: unknown[] = []
  const audits = subscription('lines', { of: shop, bindingKeys: ['audit.#'], retry: false })
  const subscriber = new Subscriber(rabbit, audits, handler)
  subscriber.on('binding.unexpected', (event) => unexpected.push(event))
  await subscriber.start()
  const publisher = new Publisher(rabbit, shop)
  for (const id of [1, 2]) await publisher.publish('order.created', { id, at: 'noon' })
  await publisher.publish('audit', 'line')
  const letters = new DeadLetters(rabbit, audits)
  await eventually(async () => expect(await letters.count()).toBe(2))
  expect((await letters.peek()).map(({ template }) => template)).toEqual([undefined, undefined])
  expect(unexpected).toMatchObject([{ routingKey: 'order.created' }])
  const bindings = (await broker.management.bindings(vhost.name)).filter(({ source }) => source === 'shop')
  expect(bindings.map(({ routing_key }) => routing_key).sort()).toEqual(['audit.#', 'order.#'])
})

test('what a durable subscriber has given up is the same event again when it is replayed', async ({ rabbit }) => {
  const seen: unknown[] = []
  const orders = subscription('orders', { of: shop, bindingKeys: ['order.#'], retry: false })
  const subscriber = new Subscriber(rabbit, orders, ({ template, routingKey, payload }, { exchange, attempt }) => {
    seen.push([template, routingKey, payload.id, exchange, attempt])
    if (seen.length === 1) throw new Error('not now')
  })
  await subscriber.start()
  await new Publisher(rabbit, shop).publish('order.eu.shipped', { id: 1, to: 'Oslo' })
  const letters = new DeadLetters(rabbit, orders)
  await eventually(async () => expect(await letters.count()).toBe(1))
  expect(await letters.replay()).toEqual({ replayed: 1, skipped: 0 })
  const event = ['order.*.shipped', 'order.eu.shipped', 1, 'shop', 1]
  await eventually(() => expect(seen).toEqual([event, event]))
  expect(await letters.count()).toBe(0)
})

test.for(['durable', 'ephemeral'])(
  'an exchange of another type fails the start of one that is %s with one error that names both types',
  async (kind, { rabbit, connectTo, vhost }) => {
    await new Publisher(await connectTo(), shop).publish('audit', 'declares it')
    const other = fanoutExchange('shop', { payload: z.string() })
    const subscribed = kind === 'durable' ? subscription('lines', { of: other }) : other
    const subscriber = new Subscriber(rabbit, subscribed, () => undefined)
    await expect(subscriber.start()).rejects.toMatchObject({
      name: 'TopologyMismatchError',
      message: expect.stringMatching(
        /^The exchange 'shop' exists .* type should be fanout, but the broker has topic\./,
      ),
      wanted: 'fanout',
      found: 'topic',
    })
    expect(await vhost.queues()).toEqual([])
  },
)
