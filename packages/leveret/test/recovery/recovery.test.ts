import { describe, expect } from 'vitest'
import { z } from 'zod'
import { Producer, text, Worker, workQueue } from '../../src/index.js'
import { eventually, firstEvent, gate, stable, tasks, test } from '../support/support.js'

describe('a worker', () => {
  test('comes back after its connection was closed by an operator', async ({ rabbit, vhost }) => {
    const seen: number[] = []
    const worker = new Worker(rabbit, tasks, ({ n }) => void seen.push(n))
    const lost = firstEvent(worker, 'channel.lost')
    const recovered = firstEvent(worker, 'channel.recovered')
    await worker.start()
    await eventually(async () => expect(await vhost.connections()).toHaveLength(2))
    await vhost.closeConnections('maintenance')
    expect((await lost).reason).toMatchObject({
      name: 'BrokerError',
      replyCode: 320,
      replyText: expect.stringContaining('maintenance'),
    })
    await recovered
    await new Producer(rabbit, tasks).send({ n: 1 })
    await eventually(() => expect(seen).toEqual([1]))
  })

  test('comes back after ten resets, at once each time, as one consumer on one channel', async ({
    connectTo,
    proxy,
    vhost,
  }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const seen = new Set<number>()
    const worker = new Worker(rabbit, tasks, ({ n }) => void seen.add(n))
    await worker.start()
    const producer = new Producer(rabbit, tasks)
    for (let n = 1; n <= 10; n += 1) {
      await stable()
      const recovered = firstEvent(worker, 'channel.recovered')
      proxy.reset()
      await Promise.all([recovered, producer.send({ n })])
    }
    await eventually(() => expect(seen.size).toBe(10))
    await eventually(async () => expect(await vhost.consumers()).toHaveLength(1))
    await eventually(async () => expect(await vhost.channels()).toHaveLength(2))
    await eventually(async () => expect(await vhost.connections()).toHaveLength(2))
    expect(rabbit.health()).toMatchObject({ ready: true })
  })

  test('comes back after its connection was reset, and gets again what it had not settled', async ({
    connectTo,
    proxy,
    vhost,
  }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const hold = gate()
    const deliveries: [number, boolean][] = []
    const reasons: unknown[] = []
    const worker = new Worker(rabbit, tasks, async (_task, { attempt, redelivered, signal }) => {
      deliveries.push([attempt, redelivered])
      if (redelivered) return
      signal.addEventListener('abort', () => reasons.push(signal.reason))
      await hold.opened
    })
    const stale = firstEvent(worker, 'delivery.stale')
    const recovered = firstEvent(worker, 'channel.recovered')
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    const { messageId } = await new Producer(rabbit, tasks).send({ n: 1 })
    await eventually(() => expect(deliveries).toHaveLength(1))

    proxy.reset()
    await recovered
    hold.open()

    // The first result is not sent under the dead channel's tag: that would be a 406 on the new one.
    expect(await stale).toMatchObject({ messageId, attempt: 1 })
    expect(await acked).toMatchObject({ messageId, attempt: 1 })
    expect(deliveries).toEqual([
      [1, false],
      [1, true],
    ])
    expect(reasons).toMatchObject([{ name: 'ConnectionError', reason: 'lost' }])
  })

  test('whose queue is deleted says so, declares it again and consumes again', async ({ rabbit, vhost, broker }) => {
    const seen: number[] = []
    const worker = new Worker(rabbit, tasks, ({ n }) => void seen.push(n))
    const cancelled = firstEvent(worker, 'consumer.cancelled')
    const recovered = firstEvent(worker, 'channel.recovered')
    await worker.start()
    await broker.management.deleteQueue(vhost.name, 'tasks')
    expect(await cancelled).toMatchObject({ queue: 'tasks' })
    expect(rabbit.health()).toMatchObject({
      ready: false,
      roles: [{ attached: false, why: expect.stringContaining('tasks') }],
    })
    await recovered
    await new Producer(rabbit, tasks).send({ n: 1 })
    await eventually(() => expect(seen).toEqual([1]))
    expect(rabbit.health()).toMatchObject({ ready: true })
  })

  test('handles no more than its concurrency, and holds one more, while old handlers still run after a reconnect', async ({
    rabbit,
    vhost,
  }) => {
    const hold = gate()
    let running = 0
    let most = 0
    const handler = async (): Promise<void> => {
      running += 1
      most = Math.max(most, running)
      await hold.opened
      running -= 1
    }
    const worker = new Worker(rabbit, tasks, handler, { concurrency: 2 })
    await worker.start()
    const producer = new Producer(rabbit, tasks)
    await Promise.all([1, 2, 3, 4].map((n) => producer.send({ n })))
    await eventually(() => expect(running).toBe(2))
    await eventually(async () => expect(await vhost.connections()).toHaveLength(2))
    const recovered = firstEvent(worker, 'channel.recovered')
    await vhost.closeConnections()
    await recovered
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages_unacknowledged: 3 }))
    expect(most).toBe(2)
    hold.open()
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
    expect(most).toBe(2)
  })
})

describe('a producer', () => {
  test('sends what was in flight again, under the same id, when its connection is reset', async ({
    connectTo,
    proxy,
    vhost,
    broker,
  }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 0 })
    const sends: Promise<{ messageId: string }>[] = []
    for (let n = 1; n <= 300; n += 1) {
      sends.push(producer.send({ n }))
      if (n % 100 === 0) {
        proxy.reset()
        await firstEvent(rabbit, 'connected')
      }
    }
    const sent = new Set((await Promise.all(sends)).map(({ messageId }) => messageId))
    expect(sent.size).toBe(300)
    const stored = await broker.management.get(vhost.name, 'tasks', 2_000)
    const ids = new Set(stored.map(({ properties }) => properties.message_id))
    expect([...sent].filter((id) => !ids.has(id))).toEqual([])
  })

  test('fails truthfully when the broker stays away: unknown if it was handed over, not-sent if not', async ({
    connectTo,
    proxy,
    vhost,
  }) => {
    const rabbit = await connectTo({ publishTimeoutMs: 400 }, proxy.urlFor(vhost.url))
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 0 })
    proxy.blackHole()
    await expect(producer.send({ n: 1 })).rejects.toMatchObject({
      name: 'PublishError',
      outcome: 'unknown',
      retryable: true,
    })
    proxy.refuse()
    proxy.reset()
    await firstEvent(rabbit, 'connect-failed')
    const late = producer.send({ n: 2 })
    await expect(late).rejects.toMatchObject({ outcome: 'not-sent', message: expect.stringContaining('ECONNREFUSED') })
  })

  test('declares its queue again after it was deleted', async ({ rabbit, vhost, broker }) => {
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 1 })
    await broker.management.deleteQueue(vhost.name, 'tasks')
    await expect(producer.send({ n: 2 })).rejects.toMatchObject({ outcome: 'returned' })
    await producer.send({ n: 3 })
  })

  test('is refused by a full queue, and says so', async ({ rabbit, vhost, broker }) => {
    await broker.management.setPolicy(vhost.name, 'small', {
      pattern: '^full$',
      definition: { 'max-length': 2 },
      'apply-to': 'queues',
    })
    const full = workQueue('full', { payload: z.string(), codec: text })
    const producer = new Producer(rabbit, full)
    const outcomes: string[] = []
    for (let n = 0; n < 10; n += 1) {
      await producer.send('x').then(
        () => outcomes.push('sent'),
        ({ outcome }: { outcome: string }) => outcomes.push(outcome),
      )
    }
    expect(outcomes.slice(0, 2)).toEqual(['sent', 'sent'])
    expect(outcomes.at(-1)).toBe('refused')
    expect(new Set(outcomes)).toEqual(new Set(['sent', 'refused']))
  })
})
