import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import {
  type Delivery,
  type ManualDelivery,
  MemoryDeduplicationStore,
  Producer,
  Worker,
  workQueue,
} from '../../../src/index.js'
import { eventually, firstEvent, gate, tasks, test } from '../../support/support.js'
import { forbidSurprises } from '../../support/surprises.js'

forbidSurprises()

/** Stops half-way over its signal, as the documentation asks of handlers. */
const untilAborted = async ({ signal }: Delivery): Promise<void> => {
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
}

const noLetters = workQueue('tasks', { payload: tasks.payload, retry: false, deadLetter: false })

describe('an attempt whose time is up', () => {
  test('has failed, also when its handler then returns', async ({ rabbit }) => {
    const worker = new Worker(rabbit, tasks, (_task, delivery) => delivery.attempt === 1 && untilAborted(delivery), {
      handlerTimeoutMs: 100,
    })
    const retried = firstEvent(worker, 'delivery.retried')
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 })
    expect(await retried).toMatchObject({ attempt: 1, failure: { name: 'HandlerTimeout' } })
    expect(await acked).toMatchObject({ attempt: 2 })
  })

  test('begins no handler any more, however late the deduplication store answers', async ({ rabbit }) => {
    const [answered, answer] = [gate(), gate()]
    const store = new MemoryDeduplicationStore()
    const slow = {
      begin: async (...args: Parameters<typeof store.begin>) => {
        await answer.opened
        return await store.begin(...args).finally(answered.open)
      },
      done: store.done.bind(store),
      giveUp: store.giveUp.bind(store),
    }
    const contract = workQueue('tasks', { payload: tasks.payload, retry: false })
    const handled: number[] = []
    const worker = new Worker(rabbit, contract, ({ n }) => void handled.push(n), {
      handlerTimeoutMs: 100,
      deduplicate: { store: slow, ttlMs: 60_000 },
    })
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    await new Producer(rabbit, contract).send({ n: 1 })
    expect(await dead).toMatchObject({ failure: { name: 'HandlerTimeout' } })
    answer.open()
    await answered.opened
    const next = firstEvent(worker, 'delivery.acked')
    await new Producer(rabbit, contract).send({ n: 2 })
    await next
    expect(handled).toEqual([2])
  })

  test('is reported once when its handler ends late, though it settles and throws then', async ({ rabbit }) => {
    const hold = gate()
    const handler = async (_task: unknown, delivery: ManualDelivery): Promise<void> => {
      if (delivery.attempt > 1) return void (await delivery.ack())
      await hold.opened
      await delivery.ack()
      throw new Error('and it fails')
    }
    const worker = new Worker(rabbit, tasks, handler, { acknowledge: 'manual', handlerTimeoutMs: 100 })
    const late: unknown[] = []
    worker.on('handler.late', (event) => late.push(event))
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 })
    await acked
    await eventually(() => expect(rabbit.health().roles).toMatchObject([{ hung: 1 }, {}]))
    hold.open()
    await eventually(() => expect(late).toMatchObject([{ attempt: 1 }]))
    await eventually(() => expect(rabbit.health().roles).toMatchObject([{ hung: 0, late: 1 }, {}]))
    expect(late).toHaveLength(1)
  })
})

test('a handler that ends a moment too late is reported, and so is one that fails after its ack', async ({
  rabbit,
}) => {
  const handler = async ({ n }: { n: number }, delivery: ManualDelivery): Promise<void> => {
    if (n === 1) await untilAborted(delivery)
    await delivery.ack()
    if (n === 2) throw new Error('after the ack')
  }
  const contract = workQueue('tasks', { payload: tasks.payload, retry: false })
  const worker = new Worker(rabbit, contract, handler, { acknowledge: 'manual', handlerTimeoutMs: 200 })
  const late: unknown[] = []
  worker.on('handler.late', ({ messageId, failure }) => late.push([messageId, failure?.message]))
  await worker.start()
  const producer = new Producer(rabbit, contract)
  const slow = await producer.send({ n: 1 })
  await eventually(() => expect(late).toEqual([[slow.messageId, undefined]]))
  const hasty = await producer.send({ n: 2 })
  await eventually(() => expect(late.slice(1)).toEqual([[hasty.messageId, 'after the ack']]))
})

describe('an attempt that close ends', () => {
  test.for([
    { name: 'when its handler returns', end: () => undefined },
    {
      name: 'when its handler throws',
      end: () => {
        throw new Error('aborted')
      },
    },
  ])('is given back, and no failed attempt, $name', async ({ end }, { rabbit, vhost }) => {
    const begun = gate()
    const worker = new Worker(rabbit, noLetters, async (_task, delivery) => {
      begun.open()
      await untilAborted(delivery)
      end()
    })
    const told: unknown[] = []
    worker.on('delivery.acked', (event) => told.push(['acked', event]))
    worker.on('delivery.dropped', (event) => told.push(['dropped', event]))
    const givenBack = firstEvent(worker, 'delivery.given-back')
    await worker.start()
    await new Producer(rabbit, noLetters).send({ n: 1 })
    await begun.opened
    await worker.close({ timeoutMs: 1_500 })
    expect(await givenBack).toMatchObject({ attempt: 1 })
    expect(told).toEqual([])
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages_ready: 1 }))
  })

  test('is said when its handler does not stop', async ({ rabbit, vhost }) => {
    const [begun, hold] = [gate(), gate()]
    const worker = new Worker(rabbit, tasks, async () => {
      begun.open()
      await hold.opened
    })
    const incomplete = firstEvent(worker, 'close.incomplete')
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 })
    await begun.opened
    await worker.close({ timeoutMs: 500 })
    expect(await incomplete).toMatchObject({ deliveries: 1 })
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages_ready: 1 }))
    hold.open()
  })
})

describe('an attempt whose channel is lost', () => {
  test('is made again, also when its handler returned over that', async ({
    connectTo,
    proxy,
    rabbit: sender,
    vhost,
  }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const attempts: [number, boolean][] = []
    const worker = new Worker(rabbit, tasks, async (_task, delivery) => {
      attempts.push([delivery.attempt, delivery.redelivered])
      if (!delivery.redelivered) await untilAborted(delivery)
    })
    const stale = firstEvent(worker, 'delivery.stale')
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    await new Producer(sender, tasks).send({ n: 1 })
    await eventually(() => expect(attempts).toHaveLength(1))
    proxy.reset()
    await Promise.all([stale, acked])
    expect(attempts).toEqual([
      [1, false],
      [1, true],
    ])
  })
})

test('a handler that acknowledges before its work keeps its slot, and close waits for it', async ({ rabbit }) => {
  const running = new Set<number>()
  let most = 0
  const ended: number[] = []
  const handler = async ({ n }: { n: number }, delivery: ManualDelivery): Promise<void> => {
    running.add(n)
    most = Math.max(most, running.size)
    await delivery.ack()
    await delay(100)
    running.delete(n)
    ended.push(n)
  }
  const worker = new Worker(rabbit, tasks, handler, { acknowledge: 'manual', concurrency: 2, prefetch: 10 })
  await worker.start()
  await new Producer(rabbit, tasks).sendAll(Array.from({ length: 30 }, (_, n) => ({ n })))
  await eventually(() => expect(ended.length).toBeGreaterThan(3))
  await worker.close()
  expect(most).toBe(2)
  expect(running.size).toBe(0)
})
