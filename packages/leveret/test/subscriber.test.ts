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
import { eventually, test } from './support.js'

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

  test('is a dead letter of a durable subscriber, with its routing key, and reaches no handler', async ({ rabbit }) => {
    const seen: unknown[] = []
    const options = { bindingKeys: ['#'], queue: 'everything' } as const
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
  const subscriber = new Subscriber(rabbit, shop, handler, { bindingKeys: ['audit.#'], queue: 'lines' })
  subscriber.on('binding.unexpected', (event) => unexpected.push(event))
  await subscriber.start()
  const publisher = new Publisher(rabbit, shop)
  for (const id of [1, 2]) await publisher.publish('order.created', { id, at: 'noon' })
  await publisher.publish('audit', 'line')
  await eventually(async () => expect(await lettersOf(rabbit, 'lines').count()).toBe(2))
  expect(unexpected).toEqual([{ routingKey: 'order.created' }])
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
