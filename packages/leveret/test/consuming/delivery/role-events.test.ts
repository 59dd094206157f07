import { expect, test as plain } from 'vitest'
import { z } from 'zod'
import {
  type DeliveryEvent,
  type ManualHandler,
  MemoryDeduplicationStore,
  Producer,
  Publisher,
  Reject,
  Subscriber,
  subscription,
  text,
  topicExchange,
  Worker,
  workQueue,
} from '../../../src/index.js'
import { publishRaw, shortText } from '../../publishing/fuzz/wire.js'
import { range } from '../../support/journal.js'
import { stranger } from '../../support/stranger.js'
import { eventually, gate, tasks, test } from '../../support/support.js'
import { suspect } from '../../support/suspects.js'
import { OF_WORKERS, provoked, tells } from './role-events/tells.js'

const failing = (): never => {
  throw new Error('always')
}

const quick = workQueue('tasks', { payload: tasks.payload, retry: { delaysMs: [50] } })
const single = workQueue('tasks', { payload: tasks.payload, retry: false, queue: { singleActive: true } })
const FULL = { 'max-length': 1, overflow: 'reject-publish' }

tells(
  'worker',
  'tasks',
  ['delivery.acked', 'delivery.retried', 'delivery.dead-lettered'],
  async (watch, { rabbit }) => {
    await watch.on(new Worker(rabbit, quick, ({ n }) => (n === 1 ? undefined : failing()))).start()
    await new Producer(rabbit, quick).sendAll([{ n: 1 }, { n: 2 }])
  },
)

tells('worker', 'tasks', ['delivery.dropped'], async (watch, { rabbit }) => {
  const contract = workQueue('tasks', { payload: tasks.payload, retry: false, deadLetter: false })
  await watch.on(new Worker(rabbit, contract, failing)).start()
  await new Producer(rabbit, contract).send({ n: 1 })
})

tells('worker', 'tasks', ['delivery.requeued', 'delivery.settled-twice'], async (watch, { rabbit }) => {
  const handler: ManualHandler<{ n: number }> = async (_task, delivery) => {
    await (delivery.redelivered ? delivery.ack() : delivery.requeue())
    await delivery.ack()
  }
  await watch.on(new Worker(rabbit, quick, handler, { acknowledge: 'manual' })).start()
  await new Producer(rabbit, quick).send({ n: 1 })
})

tells(
  'worker',
  'tasks',
  ['delivery.skipped', 'delivery.postponed', 'delivery.not-remembered'],
  async (watch, { rabbit }) => {
    const memory = new MemoryDeduplicationStore()
    const store = {
      begin: memory.begin.bind(memory),
      giveUp: memory.giveUp.bind(memory),
      done: async (...[key, token, ttlMs]: Parameters<typeof memory.done>) => {
        await memory.done(key, token, ttlMs)
        throw new Error('no answer')
      },
    }
    const hold = gate()
    const worker = watch.on(new Worker(rabbit, quick, () => hold.opened, { deduplicate: { store, ttlMs: 60_000 } }))
    await worker.start()
    const producer = new Producer(rabbit, quick)
    for (let n = 0; n < 2; n += 1) await producer.send({ n }, { messageId: 'same' })
    await eventually(() => expect(watch.told).toMatchObject([['delivery.postponed', { messageId: 'same' }]]))
    hold.open()
  },
)

tells(
  'worker',
  'tasks',
  ['delivery.stale', 'channel.lost', 'channel.recovered'],
  async (watch, { cut, rabbit, proxy }) => {
    const hold = gate()
    const begun = gate()
    const worker = watch.on(
      new Worker(cut, quick, () => {
        begun.open()
        return hold.opened
      }),
    )
    await worker.start()
    await new Producer(rabbit, quick).send({ n: 1 })
    await begun.opened
    proxy.reset()
    await eventually(() => expect(watch.told.map(([name]) => name)).toContain('channel.lost'))
    hold.open()
  },
)

tells('worker', 'tasks', ['handler.late'], async (watch, { rabbit }) => {
  // It ends when its signal says that its time is up.
  const slow = (_task: unknown, { signal }: { signal: AbortSignal }): Promise<void> =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
  await watch.on(new Worker(rabbit, quick, slow, { handlerTimeoutMs: 50 })).start()
  await new Producer(rabbit, quick).send({ n: 1 })
})

tells('worker', 'tasks', ['close.incomplete', 'delivery.given-back'], async (watch, { rabbit }) => {
  const begun = gate()
  const worker = watch.on(
    new Worker(
      rabbit,
      quick,
      () => {
        begun.open()
        return gate().opened
      },
      { concurrency: 1, prefetch: 5 },
    ),
  )
  await worker.start()
  await new Producer(rabbit, quick).sendAll([{ n: 1 }, { n: 2 }])
  await begun.opened
  await worker.close({ timeoutMs: 100 })
})

tells('worker', 'tasks', ['paused', 'probing', 'resumed'], async (watch, { rabbit }) => {
  const breaker = { minAttempts: 1, pauseMs: 50 }
  const worker = watch.on(new Worker(rabbit, quick, ({ n }) => (n === 1 ? undefined : failing()), { breaker }))
  await worker.start()
  await worker.pause()
  await worker.resume()
  await new Producer(rabbit, quick).send({ n: 2 })
})

tells('worker', 'tasks', ['consumer.cancelled'], async (watch, { rabbit, broker, vhost }) => {
  await watch.on(new Worker(rabbit, quick, () => undefined)).start()
  await broker.management.deleteQueue(vhost.name, 'tasks')
})

tells('worker', 'tasks', ['consume-failed'], async (watch, { cut, rabbit, broker, vhost, proxy }) => {
  await watch.on(new Worker(cut, quick, () => undefined)).start()
  // While it has no link, the queue becomes another one.
  proxy.reset()
  await using other = await stranger(vhost.url)
  await eventually(async () => {
    await broker.management.deleteQueue(vhost.name, 'tasks')
    await other.channel.assertQueue('tasks', { arguments: { 'x-max-length': 3 } })
  })
  proxy.reset()
  await rabbit.close()
})

tells('worker', 'tasks', ['delivery.isolated'], async (watch, { rabbit, vhost }) => {
  const lose = await suspect(rabbit, vhost.url, tasks)
  await watch.on(new Worker(rabbit, tasks, () => undefined)).start()
  await lose()
})

tells('worker', 'tasks', ['delivery.copy-refused', 'consumer.full'], async (watch, { rabbit, broker, vhost }) => {
  const reject = (): never => {
    throw new Reject('poison')
  }
  await watch.on(new Worker(rabbit, single, reject, { prefetch: 1 })).start()
  await broker.management.setPolicy(vhost.name, 'full', { pattern: '^tasks\\.dead-letter$', definition: FULL })
  await new Producer(rabbit, single).sendAll(range(1, 30).map((n) => ({ n })))
})

tells('worker', 'foreign', ['delivery.stuck'], async (watch, { rabbit, vhost }) => {
  const queue = { arguments: { 'x-queue-type': 'quorum' } }
  const foreign = workQueue('foreign', { payload: z.string(), codec: text, queue, retry: { delaysMs: [50] } })
  await watch.on(new Worker(rabbit, foreign, failing)).start()
  await using other = await stranger(vhost.url)
  // As text these bytes are three times as long, so no copy can carry them.
  const properties = { correlationId: shortText(Buffer.alloc(255, 0xff)) }
  publishRaw(other.channel, {
    exchange: '',
    routingKey: Buffer.from('foreign'),
    content: Buffer.from('bad'),
    properties,
  })
  await other.channel.checkQueue('foreign')
})

tells('subscriber', 'lines', ['delivery.ignored'], async (watch, { rabbit }) => {
  const [now, soon] = [{ audit: z.string() }, { audit: z.string(), created: z.string() }]
  const handler = (): void => undefined
  const lines = subscription('lines', { of: topicExchange('shop', now), bindingKeys: ['#'], onUnknown: 'ignore' })
  await watch.on(new Subscriber(rabbit, lines, handler)).start()
  await new Publisher(rabbit, topicExchange('shop', soon)).publish('created', 'one')
})

plain('each event of a worker is emitted in one of these tests', () => {
  expect([...provoked].sort()).toEqual(Object.keys(OF_WORKERS).sort())
})

test('a duration is that of the attempt: neither the wait for a slot before it nor the copy after it', async ({
  rabbit,
}) => {
  const told: DeliveryEvent[] = []
  const handler = ({ n }: { n: number }): Promise<void> =>
    new Promise((resolve, reject) => setTimeout(() => (n === 2 ? reject(new Error('second')) : resolve()), 100))
  const worker = new Worker(rabbit, quick, handler, { concurrency: 1 })
  worker.on('delivery.acked', (event) => told.push(event))
  worker.on('delivery.retried', (event) => told.push(event))
  await new Producer(rabbit, quick).sendAll([{ n: 1 }, { n: 2 }, { n: 3 }])
  await worker.start()
  await eventually(() => expect(told).toHaveLength(3))
  // Three of 100 ms each wait for one slot.
  for (const { durationMs } of told) expect(durationMs).toBeGreaterThan(90)
  expect(Math.min(...told.map(({ durationMs }) => durationMs))).toBeLessThan(200)
})

test('what never reached its handler has taken no time', async ({ rabbit, broker, vhost }) => {
  const worker = new Worker(rabbit, quick, () => undefined)
  const dead = new Promise((resolve) => worker.on('delivery.dead-lettered', resolve))
  await worker.start()
  await broker.management.publish(vhost.name, { routingKey: 'tasks', payload: 'no JSON' })
  expect(await dead).toMatchObject({ role: 'worker', queue: 'tasks', attempt: 1, durationMs: 0 })
})
