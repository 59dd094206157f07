import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  connect,
  declare,
  dryRun,
  Producer,
  Publisher,
  subscription,
  text,
  topicExchange,
  Worker,
  workQueue,
} from '../../src/index.js'
import { stranger } from '../support/stranger.js'
import { eventually, firstEvent, gate, test } from '../support/support.js'

const Order = z.object({ id: z.int(), lines: z.array(z.object({ price: z.number(), note: z.string().optional() })) })
const orders = workQueue('orders', { payload: Order })
/** What somebody is about to deploy. */
const changed = workQueue('orders', {
  payload: Order.extend({ currency: z.string(), lines: z.array(z.object({ price: z.int() })) }),
})

const order = (id: number, price: number, currency?: string): z.input<typeof Order> =>
  ({ id, lines: [{ price }, { price }], ...(currency === undefined ? {} : { currency }) }) as z.input<typeof Order>

describe('a dry run', () => {
  test('says what fraction a contract would refuse and why, without values, and leaves all where it is', async ({
    rabbit,
    vhost,
  }) => {
    const open = workQueue('orders', { payload: z.looseObject(Order.shape) })
    const producer = new Producer(rabbit, open)
    const ids: string[] = []
    for (const payload of [order(1, 10, 'EUR'), order(2, 4242.5, 'EUR'), order(3, 10), order(4, 4242.5)]) {
      ids.push((await producer.send(payload)).messageId)
    }
    expect(await dryRun(rabbit, orders)).toEqual({ read: 4, refused: 0, reasons: [] })
    const found = await dryRun(rabbit, changed)
    expect(found).toMatchObject({ read: 4, refused: 3 })
    expect(found.reasons.map(({ path, count }) => [path, count]).sort()).toEqual([
      ['currency', 2],
      ['lines.*.price', 2],
    ])
    expect(JSON.stringify(found)).not.toContain('4242')
    expect(await dryRun(rabbit, changed, { limit: 1 })).toEqual({ read: 1, refused: 0, reasons: [] })
    await eventually(async () =>
      expect(await vhost.queue('orders')).toMatchObject({ messages_ready: 4, messages_unacknowledged: 0 }),
    )
    expect(await vhost.queue('orders.dead-letter')).toMatchObject({ messages: 0 })
    const handled: (string | undefined)[] = []
    await new Worker(rabbit, open, (_order, { messageId }) => void handled.push(messageId), { concurrency: 1 }).start()
    await eventually(() => expect(handled.toSorted()).toEqual(ids.toSorted()))
  })

  test('cuts sentences and paths that have no end', async ({ rabbit }) => {
    await new Producer(rabbit, workQueue('orders', { payload: z.any() })).send(1)
    const check = (_value: unknown, context: z.RefinementCtx): void => {
      const path = Array.from({ length: 1_000 }, (_, step) => `s${step}`)
      for (let n = 0; n < 1_000; n += 1)
        context.addIssue({ code: 'custom', path, message: `${n} ${'x'.repeat(9_000)}` })
    }
    const { reasons, refused } = await dryRun(rabbit, workQueue('orders', { payload: z.any().superRefine(check) }))
    expect(refused).toBe(1)
    expect(reasons).toHaveLength(20)
    for (const { path, message } of reasons) {
      expect(message).toHaveLength(500)
      expect(path.split('.')).toHaveLength(50)
    }
  })

  test('declares nothing, and needs no right but to read', async ({ createUser, rabbit, vhost }) => {
    await expect(dryRun(rabbit, orders)).rejects.toMatchObject({ name: 'BrokerError', replyCode: 404 })
    await expect(vhost.queue('orders')).rejects.toMatchObject({ status: 404 })
    await new Producer(rabbit, orders).send(order(1, 1))
    const url = new URL(vhost.url)
    url.username = await createUser('reader', 'S3cr3t-reader', { configure: '^$', write: '^$', read: '^orders$' })
    url.password = 'S3cr3t-reader'
    await using reading = await connect(url.href)
    expect(await dryRun(reading, changed)).toMatchObject({ read: 1, refused: 1 })
  })

  test('says what cannot be read at all, and what a schema that fails or hangs comes to', async ({
    rabbit,
    connectTo,
    vhost,
  }) => {
    await new Producer(rabbit, orders).send(order(1, 1))
    await using other = await stranger(vhost.url)
    other.channel.sendToQueue('orders', Buffer.from('{"id"'), { contentType: 'application/json' })
    other.channel.sendToQueue('orders', Buffer.from('<order/>'), { contentType: 'application/xml' })
    await other.channel.waitForConfirms()
    const reasons = (await dryRun(rabbit, orders)).reasons.map(({ message }) => message).sort()
    expect(reasons).toEqual([
      "expected the content type application/json, not application/xml: a codec's `accepts` lists others",
      'is not valid application/json',
    ])
    const never = gate()
    const failing = workQueue('orders', { payload: z.string().refine(async () => await never.opened), codec: text })
    const hasty = await connectTo({ publishTimeoutMs: 1_000 })
    const plain = workQueue('texts', { payload: z.string(), codec: text })
    await new Producer(rabbit, plain).send('x')
    const hanging = workQueue('texts', { payload: failing.payload, codec: text })
    expect(await dryRun(hasty, hanging)).toEqual({
      read: 1,
      refused: 1,
      reasons: [{ path: '', message: 'the schema had no answer within 1000 ms', count: 1 }],
    })
    never.open()
  })

  test('is refused with a contract of another kind, a wrong limit, or a value that is no connection', async ({
    rabbit,
  }) => {
    const call = dryRun as (...args: unknown[]) => Promise<unknown>
    for (const args of [
      [rabbit, {}],
      [rabbit, orders, { limit: 0 }],
      [rabbit, orders, { limit: 10_001 }],
      [{}, orders],
    ]) {
      await expect(call(...args)).rejects.toMatchObject({ name: 'OptionsError' })
    }
  })
})

describe('a breaker that counts what cannot be read', () => {
  const breaker = { countInvalid: true, minAttempts: 5, pauseMs: 600_000 }

  test('keeps a worker with a wrong schema from emptying its queue into the dead-letter queue', async ({
    rabbit,
    vhost,
  }) => {
    await new Producer(rabbit, orders).sendAll(Array.from({ length: 100 }, (_, n) => order(n, 1)))
    const worker = new Worker(rabbit, changed, () => undefined, { breaker, concurrency: 1, prefetch: 5 })
    const paused = firstEvent(worker, 'paused')
    await worker.start()
    expect(await paused).toMatchObject({ by: 'breaker' })
    await eventually(async () => {
      const { messages: left = 0, messages_unacknowledged: held } = await vhost.queue('orders')
      const { messages: dead = 0 } = await vhost.queue('orders.dead-letter')
      expect({ held, sum: left + dead }).toEqual({ held: 0, sum: 100 })
      expect(dead).toBeGreaterThanOrEqual(5)
      // What it held when it stopped goes there too.
      expect(dead).toBeLessThan(20)
    })
    expect(rabbit.health()).toMatchObject({ ready: false, why: expect.stringContaining('too many attempts failed') })
  })

  test('opens again when what it tries is refused too, and closes when that fits', async ({
    rabbit,
    broker,
    vhost,
  }) => {
    const worker = new Worker(rabbit, orders, () => undefined, {
      breaker: { ...breaker, minAttempts: 1, pauseMs: 100 },
    })
    const told: string[] = []
    for (const name of ['paused', 'probing', 'resumed'] as const) worker.on(name, () => told.push(name))
    await worker.start()
    const wrong = { routingKey: 'orders', payload: '{}' }
    await broker.management.publish(vhost.name, wrong)
    await eventually(() => expect(told.slice(0, 2)).toEqual(['paused', 'probing']))
    await broker.management.publish(vhost.name, wrong)
    await eventually(() => expect(told.slice(0, 4)).toEqual(['paused', 'probing', 'paused', 'probing']))
    await new Producer(rabbit, orders).send(order(1, 1))
    await eventually(() => expect(told).toEqual(['paused', 'probing', 'paused', 'probing', 'resumed']))
  })

  test('does not open without that option: what a schema refuses says nothing of what the handler needs', async ({
    rabbit,
    broker,
    vhost,
  }) => {
    const worker = new Worker(rabbit, orders, () => undefined, { breaker: { minAttempts: 1 } })
    const told: unknown[] = []
    worker.on('paused', (event) => told.push(event))
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    for (let n = 0; n < 5; n += 1) await broker.management.publish(vhost.name, { routingKey: 'orders', payload: '{}' })
    await new Producer(rabbit, orders).send(order(1, 1))
    await acked
    expect(told).toEqual([])
  })

  test('of a subscription reads each event by its template, and counts what no template has', async ({ rabbit }) => {
    const payload = z.object({ id: z.int() })
    const before = topicExchange('shop', { 'order.*': z.object({ id: z.number() }), 'item.*': payload })
    const orders = subscription('orders', { of: before, bindingKeys: ['#'] })
    await declare(rabbit, [orders])
    const publisher = new Publisher(rabbit, before)
    for (const id of [1, 2.5]) await publisher.publish('order.created', { id })
    await publisher.publish('item.created', { id: 3 })
    const after = topicExchange('shop', { 'order.*': payload })
    const now = subscription('orders', { of: after, bindingKeys: ['order.*'] })
    expect(await dryRun(rabbit, now)).toEqual({
      read: 3,
      refused: 2,
      reasons: expect.arrayContaining([
        { path: 'id', message: 'Invalid input: expected int, received number', count: 1 },
        { path: '', message: expect.stringContaining("no template has the routing key 'item.created'"), count: 1 },
      ]),
    })
    const ignoring = subscription('orders', { of: after, bindingKeys: ['order.*'], onUnknown: 'ignore' })
    expect(await dryRun(rabbit, ignoring)).toMatchObject({ read: 3, refused: 1 })
  })
})
