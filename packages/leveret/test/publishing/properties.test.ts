import type { GetMessage } from 'amqplib'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  type Delivery,
  json,
  Producer,
  Publisher,
  type PublishOptions,
  procedure,
  RpcClient,
  RpcServer,
  type SendOptions,
  Subscriber,
  subscription,
  topicExchange,
  Worker,
  workQueue,
} from '../../src/index.js'
import { stranger } from '../support/stranger.js'
import { eventually, tasks, test } from '../support/support.js'

const PROPERTIES = {
  type: 'order.created',
  appId: 'shop',
  replyTo: 'answers',
  correlationId: 'c1',
  priority: 3,
  contentType: 'application/vnd.acme+json',
  contentEncoding: 'utf-8',
} as const

const READ = ['type', 'appId', 'replyTo', 'correlationId', 'userId', 'priority', 'expirationMs', 'persistent'] as const

/** What a handler reads of a delivery. */
function read(delivery: Delivery): object {
  const { contentType, contentEncoding } = delivery
  return { contentType, contentEncoding, ...Object.fromEntries(READ.map((name) => [name, delivery[name]])) }
}

describe('properties that other programs need', () => {
  test('are sent with a task, and read by another program', async ({ rabbit, vhost }) => {
    await using other = await stranger(vhost.url)
    await new Producer(rabbit, tasks).send({ n: 1 }, { ...PROPERTIES, persistent: false, expirationMs: 60_000 })
    const { properties } = await got(other, 'tasks')
    const { contentType, contentEncoding, type, appId, replyTo, correlationId, priority } = properties
    expect({ contentType, contentEncoding, type, appId, replyTo, correlationId, priority }).toEqual(PROPERTIES)
    expect(properties).toMatchObject({ deliveryMode: 1, expiration: '60000', userId: undefined })
    const { username } = new URL(vhost.url)
    await new Producer(rabbit, tasks).send({ n: 2 }, { userId: username })
    expect((await got(other, 'tasks')).properties).toMatchObject({ userId: username, deliveryMode: 2 })
  })

  test('are read by a handler, at each attempt', async ({ rabbit, vhost }) => {
    const reads: object[] = []
    await using worker = new Worker(rabbit, tasks, (_task, delivery) => {
      reads.push(read(delivery))
      if (delivery.attempt < 2) throw new Error('again')
    })
    await worker.start()
    await using other = await stranger(vhost.url)
    const { username: userId } = new URL(vhost.url)
    const { contentType: _own, ...properties } = PROPERTIES
    const sent = { ...properties, contentType: 'text/json', userId, expiration: '60000', persistent: true }
    other.channel.sendToQueue('tasks', Buffer.from('{"n":1}'), sent)
    await eventually(() => expect(reads).toHaveLength(2))
    const expected = { ...properties, contentType: 'text/json', expirationMs: 60_000, persistent: true }
    expect(reads).toEqual([
      { ...expected, userId },
      { ...expected, userId: undefined },
    ])
  })

  test("go with an event and with a call, but for those that are the call's own", async ({ rabbit }) => {
    const logs = topicExchange('logs', { '*.line': z.object({ n: z.int() }) })
    const seen: Delivery[] = []
    const subscriber = new Subscriber(rabbit, logs, (_event, delivery) => void seen.push(delivery), {
      bindingKeys: ['#'],
    })
    await subscriber.start()
    await new Publisher(rabbit, logs).publish('a.line', { n: 1 }, { ...PROPERTIES, persistent: false })
    await eventually(() => expect(seen).toMatchObject([{ ...PROPERTIES, persistent: false }]))
    const ask = procedure('ask', { request: z.int(), response: z.int() })
    await using server = new RpcServer(rabbit, ask, (n, delivery) => {
      seen.push(delivery)
      return n
    })
    await server.start()
    const client = new RpcClient(rabbit, ask)
    expect(await client.call(1, { type: 'ask', appId: 'shop' })).toBe(1)
    expect(seen[1]).toMatchObject({ type: 'ask', appId: 'shop', persistent: false })
    for (const option of ['replyTo', 'correlationId', 'expirationMs', 'cc', 'contentType']) {
      await expect(client.call(1, { [option]: 'x' } as object)).rejects.toMatchObject({ name: 'OptionsError' })
    }
  })

  test("a user id that is not the connection's is refused for that message alone", async ({ rabbit }) => {
    const producer = new Producer(rabbit, tasks)
    const results = await Promise.allSettled([
      producer.send({ n: 1 }),
      producer.send({ n: 2 }, { userId: 'somebody-else' }),
      producer.send({ n: 3 }),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(results[1]).toMatchObject({ reason: { name: 'PublishError', outcome: 'refused', retryable: false } })
  })

  test.for<[what: string, options: SendOptions & PublishOptions, problem: string]>([
    ['a content type that its own receivers refuse', { contentType: 'application/xml' }, 'application/xml'],
    ['a content encoding that they do not know', { contentEncoding: 'gzip' }, 'gzip'],
    ['an empty content type', { contentType: '' }, 'contentType'],
    ['a type of 256 bytes', { type: 'x'.repeat(256) }, 'type'],
    ['an app id with a line end', { appId: 'a\nb' }, 'appId'],
    ['a reply address of half a character', { replyTo: '\ud800' }, 'replyTo'],
    ['CC as a header', { headers: { CC: ['a'] } }, 'use the option cc'],
    ['BCC as a header', { headers: { BCC: ['a'] } }, 'use the option bcc'],
    ['cc that is no list', { cc: 'a' as never }, 'cc'],
  ])('%s is an OptionsError', async ([_what, options, problem], { rabbit }) => {
    const error = { name: 'OptionsError', message: expect.stringContaining(problem) }
    await expect(new Producer(rabbit, tasks).send({ n: 1 }, options)).rejects.toMatchObject(error)
  })

  test('a content type that another codec of the contract reads is one that its receivers would read wrongly', async ({
    rabbit,
  }) => {
    const other = { ...json, contentType: 'application/x-other', accepts: [], encode: () => Buffer.from('?') }
    const contract = workQueue('two', { payload: z.int(), codec: [json, other] })
    const sending = new Producer(rabbit, contract).send(1, { contentType: 'application/x-other' })
    await expect(sending).rejects.toMatchObject({ name: 'OptionsError' })
  })
})

describe('headers that begin with x-', () => {
  const TRACING = {
    'x-b3-traceid': 'a',
    'X-B3-Sampled': '1',
    'x-datadog-trace-id': '7',
    'x-request-id': 'r',
    'x-anything': 1,
  }
  const PLUGINS = { 'x-deduplication-header': 'd', 'x-stream-filter-value': 'f', 'x-delay': 1_000 }

  test("pass, when they are the sender's or ask a plugin for something", async ({ rabbit, vhost }) => {
    await using other = await stranger(vhost.url)
    const headers = { ...TRACING, ...PLUGINS }
    await new Producer(rabbit, tasks).send({ n: 1 }, { headers })
    expect((await got(other, 'tasks')).properties.headers).toEqual(headers)
  })

  test.for([
    ...['x-death', 'x-first-death-queue', 'x-last-death-reason', 'x-delivery-count', 'x-acquired-count'],
    ...['x-stream-offset', 'x-received-from', 'x-queue-name', 'x-opt-delivery-time', 'x-opt-deferral-token'],
    ...['X-Death', 'leveret-attempt', 'Leveret-Contract'],
  ])('are refused when RabbitMQ or leveret write them: %s', async (name, { rabbit }) => {
    const sending = new Producer(rabbit, tasks).send({ n: 1 }, { headers: { [name]: 1 } })
    await expect(sending).rejects.toMatchObject({ name: 'OptionsError', message: expect.stringContaining(name) })
  })

  test('may be added by an interceptor, as B3 tracing does, and stay on a copy', async ({ connectTo }) => {
    const rabbit = await connectTo({
      interceptors: [
        { publish: async (_message, next) => await next({ 'x-b3-traceid': '463ac35c9f6413ad', 'x-b3-sampled': '1' }) },
      ],
    })
    const seen: unknown[] = []
    await using worker = new Worker(rabbit, tasks, (_task, { attempt, headers }) => {
      seen.push([attempt, headers['x-b3-traceid'], headers['x-b3-sampled']])
      if (attempt === 1) throw new Error('again')
    })
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 })
    await eventually(() => expect(seen).toEqual([1, 2].map((attempt) => [attempt, '463ac35c9f6413ad', '1'])))
  })
})

test('a header that is undefined is left out, from an interceptor too', async ({ connectTo, vhost }) => {
  const rabbit = await connectTo({ interceptors: [{ publish: (_message, next) => next({ tenant: undefined }) }] })
  await new Producer(rabbit, tasks).send(
    { n: 1 },
    { headers: { mine: 'kept', none: undefined, deep: { none: undefined } } },
  )
  await using other = await stranger(vhost.url)
  expect((await got(other, 'tasks')).properties.headers).toEqual({ mine: 'kept', deep: {} })
})

describe('cc and bcc', () => {
  test('send a task to further queues, and only cc says so', async ({ rabbit, vhost }) => {
    await using other = await stranger(vhost.url)
    for (const queue of ['audit', 'hidden']) await other.channel.assertQueue(queue)
    await new Producer(rabbit, tasks).send({ n: 1 }, { cc: ['audit'], bcc: ['hidden'] })
    for (const queue of ['tasks', 'audit', 'hidden']) {
      const { content, properties } = await got(other, queue)
      expect([String(content), properties.headers]).toEqual(['{"n":1}', { CC: ['audit'] }])
    }
  })

  test('of a delayed task wait as long as it does', async ({ rabbit, vhost }) => {
    await using other = await stranger(vhost.url)
    for (const queue of ['audit', 'hidden']) await other.channel.assertQueue(queue)
    const sentAt = Date.now()
    await new Producer(rabbit, tasks).send({ n: 1 }, { cc: ['audit'], bcc: ['hidden'], delayMs: 750 })
    for (const queue of ['audit', 'hidden', 'tasks']) expect(String((await got(other, queue)).content)).toBe('{"n":1}')
    expect(Date.now() - sentAt).toBeGreaterThanOrEqual(750)
  })

  test('bring an event to each queue that is bound with a further key of its template, at each attempt', async ({
    rabbit,
  }) => {
    const shop = topicExchange('shop', {
      'order.*': z.object({ n: z.int() }),
      'audit.#': z.object({ line: z.string() }),
    })
    const seen: unknown[] = []
    const german = subscription('german', { of: shop, bindingKeys: ['order.de'], retry: { delaysMs: [50] } })
    await using subscriber = new Subscriber(rabbit, german, ({ routingKey, payload }, { attempt }) => {
      seen.push([routingKey, payload, attempt])
      if (attempt === 1) throw new Error('again')
    })
    await subscriber.start()
    const publisher = new Publisher(rabbit, shop)
    await publisher.publish('order.eu', { n: 1 }, { cc: ['order.de'] })
    await eventually(() => expect(seen).toEqual([1, 2].map((attempt) => ['order.eu', { n: 1 }, attempt])))
    for (const keys of [{ cc: ['audit.a'] }, { bcc: ['audit.a'] }, { cc: ['nothing'] }, { cc: ['order.*'] }]) {
      await expect(publisher.publish('order.eu', { n: 1 }, keys)).rejects.toMatchObject({ name: 'OptionsError' })
    }
  })
})

/** Takes a message, without the header that quorum queues of RabbitMQ 3.10 add. */
async function got({ channel }: Awaited<ReturnType<typeof stranger>>, queue: string): Promise<GetMessage> {
  return await eventually(async () => {
    const found = await channel.get(queue, { noAck: true })
    if (found === false) throw new Error(`nothing in ${queue}`)
    const { 'x-delivery-count': _count, ...headers } = found.properties.headers ?? {}
    return { ...found, properties: { ...found.properties, headers } }
  })
}
