import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  type Connection,
  DeadLetters,
  fanoutExchange,
  Publisher,
  Subscriber,
  topicExchange,
  workQueue,
} from '../src/index.js'
import { eventually, firstEvent, test } from './support.js'

const Created = z.object({ id: z.int(), at: z.string() })
const Shipped = z.object({ id: z.int(), to: z.string() })
const shop = topicExchange('shop', { 'order.created': Created, 'order.*.shipped': Shipped, 'audit.#': z.string() })
/** The same exchange for those who know nothing of its contract. */
const anything = topicExchange('shop', { '#': z.unknown() })

/** What the durable subscriber of a queue has given up. */
function lettersOf(rabbit: Connection, queue: string): DeadLetters<z.ZodUnknown> {
  return new DeadLetters(rabbit, workQueue(queue, { payload: z.unknown() }))
}

test('a payload is judged by the template that its routing key matches, whatever other schema it fits', async ({
  rabbit,
}) => {
  const seen: unknown[] = []
  const subscriber = new Subscriber(
    rabbit,
    shop,
    ({ template, payload }) => void seen.push(template === 'order.created' ? [template, payload.at] : template),
    { bindingKeys: ['order.#'], queue: 'orders' },
  )
  await subscriber.start()
  const publisher = new Publisher(rabbit, anything)
  const fitsBoth = { id: 1, at: 'noon', to: 'Oslo' }
  await publisher.publish('order.created', fitsBoth)
  await publisher.publish('order.eu.shipped', fitsBoth)
  await publisher.publish('order.created', { id: 2, to: 'fits the other one' })
  await publisher.publish('order.eu.shipped', { id: 3, at: 'fits the other one' })
  const letters = lettersOf(rabbit, 'orders')
  await eventually(async () => expect(await letters.count()).toBe(2))
  expect(seen).toEqual([['order.created', 'noon'], 'order.*.shipped'])
  const kept = await letters.peek()
  expect(kept.map(({ reason, routingKey }) => [reason, routingKey]).sort()).toEqual([
    ['invalid-payload', 'order.created'],
    ['invalid-payload', 'order.eu.shipped'],
  ])
})

describe('a message of somebody else on a shared exchange, which the contract does not know', () => {
  const keys = ['stock.low', 'stock.low', 'order.lost']

  test('is handled by an instance that knows it, when it comes to one that does not during a rolling deploy', async ({
    rabbit,
    connectTo,
    vhost,
  }) => {
    const retry = { delaysMs: [100, 100, 100, 100, 100] }
    const queue = { bindingKeys: ['#'], queue: 'everything', retry } as const
    const old = new Subscriber(rabbit, shop, () => undefined, queue)
    const first = Promise.race([
      firstEvent(old as never, 'delivery.retried'),
      firstEvent(old as never, 'delivery.dead-lettered'),
    ])
    await old.start()
    await new Publisher(rabbit, anything).publish('stock.low', 'one left')
    expect(await first).toMatchObject({ attempt: 1, afterMs: 100, failure: { name: 'UnknownMessage' } })
    await old.close()
    const seen: unknown[] = []
    const newer = new Subscriber(await connectTo(), anything, (event) => void seen.push(event), queue)
    await newer.start()
    await eventually(() => expect(seen).toEqual([{ template: '#', routingKey: 'stock.low', payload: 'one left' }]))
    await eventually(async () => expect(await vhost.queue('everything.dead-letter')).toMatchObject({ messages: 0 }))
  })

  test('is a dead letter of a durable subscriber after its last attempt, and opens no circuit breaker', async ({
    rabbit,
  }) => {
    const breaker = { failureRate: 0.1, minAttempts: 1 }
    const subscriber = new Subscriber(rabbit, shop, () => undefined, {
      bindingKeys: ['#'],
      queue: 'everything',
      retry: { delaysMs: [50, 50] },
      breaker,
    })
    const paused: unknown[] = []
    subscriber.on('paused', (event) => paused.push(event))
    const dead = firstEvent(subscriber as never, 'delivery.dead-lettered')
    await subscriber.start()
    await new Publisher(rabbit, anything).publish('stock.low', 'line')
    expect(await dead).toMatchObject({ attempt: 3, reason: 'unknown-message' })
    expect((await lettersOf(rabbit, 'everything').peek()).map(({ routingKey }) => routingKey)).toEqual(['stock.low'])
    expect(paused).toEqual([])
  })

  test('is a dead letter at once where that is asked for, with its routing key, and reaches no handler', async ({
    rabbit,
  }) => {
    const seen: unknown[] = []
    const options = { bindingKeys: ['#'], queue: 'everything', onUnknown: 'dead-letter' } as const
    await new Subscriber(rabbit, shop, ({ routingKey }) => void seen.push(routingKey), options).start()
    const publisher = new Publisher(rabbit, anything)
    for (const key of [...keys, 'audit']) await publisher.publish(key, 'line')
    const letters = lettersOf(rabbit, 'everything')
    await eventually(async () => expect(await letters.count()).toBe(3))
    expect((await letters.peek()).map(({ routingKey }) => routingKey).sort()).toEqual([...keys].sort())
    expect((await letters.peek())[0]?.error?.message).toMatch(
      /^the exchange 'shop' has no template for the routing key/,
    )
    expect(seen).toEqual(['audit'])
  })

  test.for([
    ['durable, when told so', { queue: 'everything', onUnknown: 'ignore' }],
    ['ephemeral', {}],
  ] as const)('is ignored, and told each time, by one that is %s', async ([_name, options], { rabbit, vhost }) => {
    const seen: unknown[] = []
    const ignored: unknown[] = []
    const subscriber = new Subscriber(rabbit, shop, ({ routingKey }) => void seen.push(routingKey), {
      bindingKeys: ['#'],
      ...options,
    })
    subscriber.on('delivery.ignored', ({ messageId }) => ignored.push(messageId))
    await subscriber.start()
    const publisher = new Publisher(rabbit, anything)
    const published = []
    for (const key of keys) published.push(await publisher.publish(key, 'line'))
    await publisher.publish('audit', 'line')
    await eventually(() => expect(seen).toEqual(['audit']))
    expect(ignored).toEqual(published.map(({ messageId }) => messageId))
    await eventually(async () => expect((await vhost.queues()).every(({ messages }) => messages === 0)).toBe(true))
  })
})

test('a binding that the contract no longer has is told, and stays', async ({ rabbit, vhost, broker }) => {
  const handler = (): void => undefined
  const former = new Subscriber(rabbit, shop, handler, { bindingKeys: ['order.#', 'audit.#'], queue: 'lines' })
  await former.start()
  await former.close()
  const unexpected: unknown[] = []
  const subscriber = new Subscriber(rabbit, shop, handler, { bindingKeys: ['audit.#'], queue: 'lines', retry: false })
  subscriber.on('binding.unexpected', (event) => unexpected.push(event))
  await subscriber.start()
  const publisher = new Publisher(rabbit, shop)
  for (const id of [1, 2]) await publisher.publish('order.created', { id, at: 'noon' })
  await publisher.publish('audit', 'line')
  await eventually(async () => expect(await lettersOf(rabbit, 'lines').count()).toBe(2))
  expect(unexpected).toMatchObject([{ routingKey: 'order.created' }])
  const bindings = (await broker.management.bindings(vhost.name)).filter(({ source }) => source === 'shop')
  expect(bindings.map(({ routing_key }) => routing_key).sort()).toEqual(['audit.#', 'order.#'])
})

test('what a durable subscriber has given up is the same event again when it is replayed', async ({ rabbit }) => {
  const seen: unknown[] = []
  const subscriber = new Subscriber(
    rabbit,
    shop,
    ({ template, routingKey, payload }, { exchange, attempt }) => {
      seen.push([template, routingKey, payload.id, exchange, attempt])
      if (seen.length === 1) throw new Error('not now')
    },
    { bindingKeys: ['order.#'], queue: 'orders', retry: false },
  )
  await subscriber.start()
  await new Publisher(rabbit, shop).publish('order.eu.shipped', { id: 1, to: 'Oslo' })
  const letters = lettersOf(rabbit, 'orders')
  await eventually(async () => expect(await letters.count()).toBe(1))
  expect(await letters.replay()).toEqual({ replayed: 1, skipped: 0 })
  const event = ['order.*.shipped', 'order.eu.shipped', 1, 'shop', 1]
  await eventually(() => expect(seen).toEqual([event, event]))
  expect(await letters.count()).toBe(0)
})

test.for([
  ['durable', { queue: 'lines' }],
  ['ephemeral', {}],
] as const)(
  'an exchange of another type fails the start of one that is %s with one error that names both types',
  async ([_name, options], { rabbit, connectTo, vhost }) => {
    await new Publisher(await connectTo(), shop).publish('audit', 'declares it')
    const subscriber = new Subscriber(rabbit, fanoutExchange('shop', { payload: z.string() }), () => undefined, options)
    await expect(subscriber.start()).rejects.toMatchObject({
      name: 'TopologyMismatchError',
      message: expect.stringMatching(
        /^The exchange 'shop' exists .* type should be fanout, and the broker has topic\./,
      ),
      wanted: 'fanout',
      found: 'topic',
    })
    expect(await vhost.queues()).toEqual([])
  },
)
