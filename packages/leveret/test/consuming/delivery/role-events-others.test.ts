import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import {
  type DeliveryEvent,
  fanoutExchange,
  MemoryOffsetStore,
  Publisher,
  type RequestEvent,
  type RoleEvent,
  RpcServer,
  Subscriber,
  subscription,
  topicExchange,
} from '../../../src/index.js'
import { publishRaw, shortText } from '../../publishing/fuzz/wire.js'
import { range, reader, write } from '../../support/journal.js'
import { double } from '../../support/rpc.js'
import { stranger } from '../../support/stranger.js'
import { eventually, fieldsOf, gate } from '../../support/support.js'
import { type AllEvents, type Name, OF_OTHERS, provoked, tells } from './role-events/tells.js'

const failing = (): never => {
  throw new Error('always')
}

tells('subscriber', 'audit', ['binding.unexpected'], async (watch, { rabbit }) => {
  const shop = topicExchange('shop', { 'order.created': z.string(), audit: z.string() })
  const former = new Subscriber(rabbit, subscription('audit', { of: shop, bindingKeys: ['#'] }), () => undefined)
  await former.start()
  await former.close()
  const audit = subscription('audit', { of: shop, bindingKeys: ['audit'] })
  await watch.on(new Subscriber(rabbit, audit, () => undefined)).start()
  await new Publisher(rabbit, shop).publish('order.created', 'one')
})

tells(
  'subscriber',
  expect.stringContaining('amq.gen'),
  ['gap', 'delivery.acked'],
  async (watch, { cut, rabbit, proxy }) => {
    const news = fanoutExchange('news', { payload: z.string() })
    const queues: unknown[] = []
    const subscriber = watch.on(new Subscriber(cut, news, (_event, { queue }) => void queues.push(queue)))
    await subscriber.start()
    const first = subscriber.queueName
    const publisher = new Publisher(rabbit, news)
    await publisher.publish('one')
    await eventually(() => expect(queues).toEqual([first]))
    proxy.reset()
    await eventually(() => expect(watch.told.map(([name]) => name)).toContain('gap'))
    await publisher.publish('two')
    await eventually(() => expect(queues).toEqual([first, subscriber.queueName]))
  },
)

tells('subscriber', 'lines', ['stream.restarted', 'offset.not-saved', 'delivery.acked'], async (watch, { rabbit }) => {
  const store = { load: async () => 10, save: () => Promise.reject(new Error('no disk')) }
  await watch.on(reader(rabbit, { store, saveEveryMs: 0 }).subscriber).start()
  await write(rabbit, [1])
})

tells('subscriber', 'lines', ['stream.truncated'], async (watch, { rabbit, vhost }) => {
  const retention = { maxBytes: 200_000, maxSegmentBytes: 50_000 }
  await reader(rabbit, { retention, offset: 'next' }).subscriber.start()
  await using other = await stranger(vhost.url)
  const pad = 'x'.repeat(10_000)
  await eventually(
    async () => {
      for (const n of range(1, 20)) {
        const content = Buffer.from(JSON.stringify({ n, pad }))
        other.channel.publish('journal', 'line.long', content, { contentType: 'application/json' })
        await other.channel.waitForConfirms()
      }
      const store = new MemoryOffsetStore()
      await store.save(3)
      await using late = watch.on(reader(rabbit, { retention, store }).subscriber)
      await late.start()
      expect(watch.told).toHaveLength(1)
    },
    { timeoutMs: 40_000 },
  )
})

tells(
  'rpc-server',
  'double',
  ['request.answered', 'request.failed', 'request.unanswerable'],
  async (watch, { rabbit, vhost }) => {
    const server = watch.on(new RpcServer(rabbit, double, ({ n }) => (n === 1 ? { doubled: 2 } : failing())))
    await server.start()
    await using other = await stranger(vhost.url)
    for (const replyTo of ['somewhere', undefined]) {
      for (const n of [1, 2])
        other.channel.sendToQueue(
          'double',
          Buffer.from(JSON.stringify({ n })),
          replyTo === undefined ? {} : { replyTo },
        )
    }
    await other.channel.waitForConfirms()
  },
)

tells('rpc-server', 'double', ['request.expired', 'delivery.given-back'], async (watch, { rabbit, vhost }) => {
  const hold = gate()
  const server = watch.on(
    new RpcServer(rabbit, double, () => hold.opened.then(() => ({ doubled: 2 })), { concurrency: 1, prefetch: 3 }),
  )
  await server.start()
  await using other = await stranger(vhost.url)
  const ask = (headers: object): unknown =>
    other.channel.sendToQueue('double', Buffer.from('{"n":1}'), { replyTo: 'somewhere', headers })
  ask({ 'leveret-timeout': 50 })
  await eventually(() => expect(watch.told).toHaveLength(1))
  ask({})
  ask({})
  await eventually(() => expect(rabbit.health().roles).toMatchObject([{ inFlight: 1 }]))
  await server.close({ timeoutMs: 1 })
  hold.open()
})

tells('rpc-server', 'double', ['reply.failed'], async (watch, { rabbit, vhost }) => {
  await watch.on(new RpcServer(rabbit, double, () => ({ doubled: 2 }))).start()
  await using other = await stranger(vhost.url)
  // As text these bytes are three times as long, so no reply can carry them back.
  const correlationId = shortText(Buffer.alloc(255, 0xff))
  const properties = { replyTo: shortText('somewhere'), correlationId }
  const routingKey = Buffer.from('double')
  publishRaw(other.channel, { exchange: '', routingKey, content: Buffer.from('{"n":1}'), properties })
  await other.channel.checkQueue('double')
})

tells('rpc-server', 'double', ['replies.lost'], async (watch, { vhost, broker, createUser, connectTo }) => {
  const all = { configure: '.*', write: '.*', read: '.*' }
  const username = await createUser('mute', 'S3cr3t-mute', all)
  const target = { ...fieldsOf(vhost.url), username, password: 'S3cr3t-mute' }
  await watch.on(new RpcServer(await connectTo({}, target), double, () => ({ doubled: 2 }))).start()
  await broker.management.setPermissions(vhost.name, username, { ...all, write: '^$' })
  await using other = await stranger(vhost.url)
  other.channel.sendToQueue('double', Buffer.from('{"n":1}'), { replyTo: 'somewhere' })
  await other.channel.waitForConfirms()
})

test('each event that only a subscriber or a server has is emitted in one of these tests', () => {
  expect([...provoked]).toEqual(expect.arrayContaining(Object.keys(OF_OTHERS)))
})

describe('the types say so too:', () => {
  type Named<Prefix extends string> = AllEvents[Name & `${Prefix}.${string}`]

  test('each event has a role and a queue', () => {
    expectTypeOf<AllEvents[Name]>().toExtend<RoleEvent>()
  })

  test('each event of a delivery has its attempt and its duration', () => {
    expectTypeOf<Named<'delivery' | 'handler'>>().toExtend<DeliveryEvent>()
    expectTypeOf<Named<'request' | 'reply'>>().toExtend<RequestEvent>()
    expectTypeOf<RequestEvent>().toExtend<DeliveryEvent>()
  })
})
