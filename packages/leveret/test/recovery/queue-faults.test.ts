import { describe, expect } from 'vitest'
import { Producer, TopologyMismatchError, Worker, workQueue } from '../../src/index.js'
import { drain } from '../support/letters.js'
import { stranger } from '../support/stranger.js'
import { eventually, firstEvent, gate, tasks, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

/** The same promises for both types. */
const TYPES = ['quorum', 'classic'] as const
const queueOf = (type: (typeof TYPES)[number]) =>
  workQueue('held', { payload: tasks.payload, queue: { type }, retry: { delaysMs: [50] } })

describe('a queue', () => {
  test.for(TYPES)(
    'that is deleted while handlers run is declared again; the handlers go on, and their channel stays open (%s)',
    async (type, { rabbit, vhost, broker }) => {
      const queue = queueOf(type)
      const hold = gate()
      const aborted: unknown[] = []
      const handled: number[] = []
      const worker = new Worker(rabbit, queue, async ({ n }, { signal }) => {
        if (n > 3) return void handled.push(n)
        signal.addEventListener('abort', () => aborted.push(signal.reason))
        await hold.opened
        handled.push(n)
      })
      const losses: unknown[] = []
      const acked: unknown[] = []
      worker.on('channel.lost', ({ reason }) => losses.push(reason))
      worker.on('delivery.acked', ({ messageId }) => acked.push(messageId))
      const cancelled = firstEvent(worker, 'consumer.cancelled')
      await worker.start()
      const producer = new Producer(rabbit, queue)
      const sent = await Promise.all([1, 2, 3].map((n) => producer.send({ n })))
      await eventually(async () => expect(await vhost.queue('held')).toMatchObject({ messages_unacknowledged: 3 }))
      await broker.management.deleteQueue(vhost.name, 'held')
      expect(await cancelled).toMatchObject({ queue: 'held' })
      await eventually(async () => expect(await vhost.queue('held')).toMatchObject({ consumers: 1 }))
      await producer.send({ n: 4 })
      await eventually(() => expect(handled).toEqual([4]))
      hold.open()
      await eventually(() => expect(acked).toHaveLength(4))
      expect(new Set(acked)).toEqual(new Set([...sent, { messageId: acked[0] }].map(({ messageId }) => messageId)))
      await producer.send({ n: 5 })
      await eventually(() => expect(handled).toContain(5))
      // A 406 over one of the old tags would be a loss.
      expect(losses).toEqual([])
      expect(aborted).toEqual([])
      // Asked of the queue: the management API goes on listing consumers of a quorum queue that is gone.
      await eventually(async () => expect(await vhost.queue('held')).toMatchObject({ consumers: 1, messages: 0 }))
    },
  )

  test.for(TYPES)('that is purged while handlers run loses only what waited (%s)', async (type, { rabbit, vhost }) => {
    const queue = queueOf(type)
    const hold = gate()
    const handled: number[] = []
    const handler = async ({ n }: { n: number }): Promise<void> => {
      await hold.opened
      handled.push(n)
      if (n === 1) throw new Error('once more')
    }
    const worker = new Worker(rabbit, queue, handler, { concurrency: 2 })
    const losses: unknown[] = []
    worker.on('channel.lost', ({ reason }) => losses.push(reason))
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    const producer = new Producer(rabbit, queue)
    for (const n of [1, 2, 3, 4, 5]) await producer.send({ n })
    // With isolation, a subscription holds one above its prefetch at first.
    const held = type === 'quorum' ? 3 : 2
    const counts = (messages_ready: number) => async () =>
      expect(await vhost.queue('held')).toMatchObject({ messages_ready, messages_unacknowledged: held })
    await eventually(counts(5 - held))
    await using other = await stranger(vhost.url)
    expect(await other.channel.purgeQueue('held')).toEqual({ messageCount: 5 - held })
    await eventually(counts(0))
    hold.open()
    expect(await dead).toMatchObject({ attempt: 2 })
    expect(handled.sort()).toEqual(type === 'quorum' ? [1, 1, 2, 3] : [1, 1, 2])
    expect(losses).toEqual([])
    await eventually(async () => expect(await vhost.queue('held')).toMatchObject({ messages: 0, consumers: 1 }))
  })

  test('that is replaced by one with other arguments is retried until it is corrected, and no other role is affected', async ({
    connectTo,
    proxy,
    vhost,
    broker,
  }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const queue = queueOf('quorum')
    const others: number[] = []
    await new Worker(rabbit, tasks, ({ n }) => void others.push(n)).start()
    const seen: number[] = []
    const worker = new Worker(rabbit, queue, ({ n }) => void seen.push(n))
    const failed = firstEvent(worker, 'consume-failed')
    await worker.start()
    // It hears of both together.
    proxy.blackHole()
    await broker.management.deleteQueue(vhost.name, 'held')
    await broker.management.declareQueue(vhost.name, 'held', { 'x-queue-type': 'classic' })
    proxy.heal()
    const { reason } = await failed
    expect(reason).toBeInstanceOf(TopologyMismatchError)
    expect(reason).toMatchObject({ entity: 'held', retryable: false })
    const health = { name: 'held', role: 'worker', ready: false, attached: false, why: reason.message }
    expect(rabbit.health().roles).toContainEqual(expect.objectContaining(health))
    await new Producer(rabbit, tasks).send({ n: 1 })
    await eventually(() => expect(others).toEqual([1]))

    // Made right again.
    const attached = firstEvent(worker, 'channel.recovered')
    await broker.management.deleteQueue(vhost.name, 'held')
    await attached
    await new Producer(rabbit, queue).send({ n: 2 })
    await eventually(() => expect(seen).toEqual([2]))
    await eventually(async () => expect(await vhost.queue('held')).toMatchObject({ consumers: 1, messages: 0 }))
    expect(rabbit.health()).toMatchObject({ ready: true })
  })
})

test('the other queues that a worker needs are declared again when they are gone', async ({
  rabbit,
  vhost,
  broker,
}) => {
  const queue = queueOf('quorum')
  const worker = new Worker(rabbit, queue, () => {
    throw new Error('always')
  })
  const ended: unknown[] = []
  worker.on('delivery.dead-lettered', ({ messageId, attempt }) => ended.push([messageId, attempt]))
  await worker.start()
  const producer = new Producer(rabbit, queue)
  const first = await producer.send({ n: 1 })
  await eventually(() => expect(ended).toEqual([[first.messageId, 2]]))
  for (const name of ['held.retry.50', 'held.dead-letter']) await broker.management.deleteQueue(vhost.name, name)
  const second = await producer.send({ n: 2 })
  await eventually(() => expect(ended).toHaveLength(2))
  expect(ended[1]).toEqual([second.messageId, 2])
  expect(await drain(rabbit, 'held.dead-letter')).toEqual([second.messageId])
})
