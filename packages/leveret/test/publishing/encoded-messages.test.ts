import { describe, expect, expectTypeOf } from 'vitest'
import { z } from 'zod'
import {
  type EncodedMessage,
  encodeMessage,
  fanoutExchange,
  headersExchange,
  type Interceptor,
  OptionsError,
  PayloadError,
  type StoredMessage,
  Subscriber,
  sendEncoded,
  topicExchange,
  Worker,
  workQueue,
} from '../../src/index.js'
import { stranger } from '../support/stranger.js'
import { eventually, firstEvent, tasks, test } from '../support/support.js'

const shop = topicExchange('shop', {
  'order.created': z.object({ id: z.int() }),
  'audit.#': z.object({ line: z.string() }),
})
const all = fanoutExchange('all', { payload: z.object({ id: z.int() }) })
const regions = headersExchange('regions', {
  headers: z.object({ region: z.string() }),
  payload: z.object({ id: z.int() }),
})

describe('encodeMessage', () => {
  test('makes plain data of a task, checked and encoded as a send would', async () => {
    const users = workQueue('users', { payload: z.object({ id: z.int() }), version: '2' })
    const row = { id: 7, passwordHash: 'secret' }
    const options = { messageId: 'm1', type: 'user', headers: { tenant: 'acme' }, expirationMs: 500, persistent: false }
    const message = await encodeMessage(users, row, options)
    expect(message).toEqual({
      exchange: '',
      routingKey: 'users',
      content: Buffer.from('{"id":7}'),
      mandatory: true,
      properties: {
        contentType: 'application/json',
        deliveryMode: 1,
        messageId: 'm1',
        timestamp: expect.any(Number),
        headers: { tenant: 'acme', 'leveret-contract': 'users@2' },
        expiration: '500',
        type: 'user',
      },
    })
    expectTypeOf(message).toEqualTypeOf<EncodedMessage>()
  })

  test('makes it of an event of each kind of exchange', async () => {
    const created = await encodeMessage(shop, 'order.created', { id: 1 }, { cc: ['order.created'], mandatory: true })
    expect(created).toMatchObject({
      exchange: 'shop',
      routingKey: 'order.created',
      mandatory: true,
      properties: { headers: { CC: ['order.created'] } },
    })
    expect(await encodeMessage(all, { id: 1 })).toMatchObject({ exchange: 'all', routingKey: '', mandatory: false })
    const headers = { region: 'eu', secret: 'x' }
    const regional = await encodeMessage(regions, headers, { id: 1 }, { headers: { trace: 't' } })
    expect(regional.properties.headers).toEqual({ region: 'eu', trace: 't' })
  })

  test('refuses what a send would refuse', async () => {
    await expect(encodeMessage(tasks, { n: 0.5 })).rejects.toBeInstanceOf(PayloadError)
    await expect(encodeMessage(tasks, { n: 1 }, { headers: { 'x-death': 1 } })).rejects.toBeInstanceOf(OptionsError)
    await expect(encodeMessage(tasks, { n: 1 }, { delayMs: 1 } as object)).rejects.toThrow('there is no option delayMs')
    await expect(encodeMessage(shop, 'order.shipped' as 'order.created', { id: 1 })).rejects.toThrow('no template')
    await expect(encodeMessage(shop, 'order.created', { id: 1 }, { bcc: ['audit.a'] })).rejects.toThrow(
      'another template',
    )
    await expect(encodeMessage(regions, { region: 1 } as never, { id: 1 })).rejects.toBeInstanceOf(PayloadError)
    for (const contract of [undefined, null, {}, { kind: 'procedure' }]) {
      await expect(encodeMessage(contract as never, {})).rejects.toBeInstanceOf(OptionsError)
    }
  })

  test('takes what its contract says, and no other', () => {
    const never = (): void => {
      // @ts-expect-error: another payload
      void encodeMessage(tasks, { n: 'a' })
      // @ts-expect-error: no template has this routing key
      void encodeMessage(shop, 'order.shipped', { id: 1 })
      // @ts-expect-error: the payload of another template
      void encodeMessage(shop, 'audit.login', { id: 1 })
      // @ts-expect-error: a fanout exchange has no routing keys
      void encodeMessage(all, 'key', { id: 1 })
      // @ts-expect-error: other headers
      void encodeMessage(regions, { zone: 'eu' }, { id: 1 })
      // @ts-expect-error: a task is always mandatory
      void encodeMessage(tasks, { n: 1 }, { mandatory: false })
    }
    expect(never).toBeTypeOf('function')
  })
})

describe('sendEncoded', () => {
  test.for<[how: string, store: (message: EncodedMessage) => StoredMessage]>([
    ['as it is', (message) => message],
    ['through JSON', (message) => JSON.parse(JSON.stringify(message))],
    ['in base64', (message) => JSON.parse(JSON.stringify({ ...message, content: message.content.toString('base64') }))],
    ['as bytes', (message) => ({ ...message, content: new Uint8Array(message.content) })],
  ])('sends what was stored %s: a worker gets it as if it had been sent', async ([_how, store], { rabbit }) => {
    const seen: unknown[] = []
    await using worker = new Worker(rabbit, tasks, (task, { messageId, type, headers }) => {
      seen.push([task, messageId, type, headers])
    })
    await worker.start()
    const message = await encodeMessage(tasks, { n: 1 }, { type: 't', headers: { tenant: 'é', none: null, list: [1] } })
    const { messageId } = message.properties
    expect(await sendEncoded(rabbit, store(message))).toEqual({ messageId, routed: true })
    await eventually(() => expect(seen).toHaveLength(1))
    expect(seen).toMatchObject([[{ n: 1 }, messageId, 't', { tenant: 'é', none: null, list: [1] }]])
  })

  test('reports whether a queue took an event, and that no queue took a task', async ({ rabbit, vhost }) => {
    const subscriber = new Subscriber(rabbit, shop, () => undefined, { bindingKeys: ['order.#'] })
    const acked = firstEvent(subscriber as never, 'delivery.acked' as never)
    await subscriber.start()
    expect(await sendEncoded(rabbit, await encodeMessage(shop, 'order.created', { id: 1 }))).toMatchObject({
      routed: true,
    })
    await acked
    expect(await sendEncoded(rabbit, await encodeMessage(shop, 'audit.a', { line: 'a' }))).toMatchObject({
      routed: false,
    })
    const wanted = await encodeMessage(shop, 'audit.a', { line: 'a' }, { mandatory: true })
    await expect(sendEncoded(rabbit, wanted)).rejects.toMatchObject({ name: 'PublishError', outcome: 'returned' })
    const task = await encodeMessage(tasks, { n: 1 })
    await expect(sendEncoded(rabbit, task)).rejects.toMatchObject({ outcome: 'returned' })
    await using other = await stranger(vhost.url)
    await expect(other.channel.checkQueue('tasks')).rejects.toThrow('404')
  })

  test('goes through interceptors, keeps the order of its calls, and is waited for by close', async ({
    connectTo,
    vhost,
  }) => {
    const around: string[] = []
    const tracing: Interceptor = {
      publish: async ({ messageId }, next) => {
        around.push(messageId)
        await next({ traceparent: 't' })
      },
    }
    const rabbit = await connectTo({ interceptors: [tracing] })
    await using other = await stranger(vhost.url)
    await other.channel.assertQueue('tasks')
    const messages = await Promise.all(
      [1, 2, 3].map(async (n) => await encodeMessage(tasks, { n }, { messageId: `m${n}` })),
    )
    const sending = messages.map(async (message) => await sendEncoded(rabbit, message))
    await rabbit.close()
    expect((await Promise.all(sending)).map(({ messageId }) => messageId)).toEqual(['m1', 'm2', 'm3'])
    expect(around).toEqual(['m1', 'm2', 'm3'])
    for (const messageId of around) {
      const message = await other.channel.get('tasks', { noAck: true })
      expect(message).toMatchObject({ properties: { messageId, headers: { traceparent: 't' } } })
    }
    const [again] = messages
    await expect(sendEncoded(rabbit, again as EncodedMessage)).rejects.toMatchObject({ outcome: 'not-sent' })
  })

  test('keeps to its time and signal', async ({ connectTo, vhost, proxy }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const message = await encodeMessage(tasks, { n: 1 })
    await using other = await stranger(vhost.url)
    await other.channel.assertQueue('tasks')
    await sendEncoded(rabbit, message)
    proxy.refuse()
    proxy.reset()
    await eventually(() => expect(rabbit.health().ready).toBe(false))
    await expect(sendEncoded(rabbit, message, { failFast: true })).rejects.toMatchObject({ outcome: 'not-sent' })
    await expect(sendEncoded(rabbit, message, { timeoutMs: 50 })).rejects.toMatchObject({ outcome: 'not-sent' })
    await expect(sendEncoded(rabbit, message, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      outcome: 'not-sent',
    })
  })
})
