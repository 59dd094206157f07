import { describe, expect } from 'vitest'
import { type Delivery, type ManualDelivery, Producer, Worker, workQueue } from '../../../src/index.js'
import { eventually, gate, tasks, test } from '../../support/support.js'
import { Crowd, takeAndLose } from '../../support/suspects.js'

const TOGETHER = Array.from({ length: 20 }, (_, n) => n)

/** Holds on to each of them until something is lost. */
const untilAborted = ({ signal }: Delivery): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve()))

describe('innocents that came back twice with others', () => {
  test('from other processes are handled one at a time, from the first one on, and none is given up, whatever comes between', async ({
    rabbit,
    vhost,
  }) => {
    const crowd = new Crowd()
    const beside: number[] = []
    const isTogether = (n: number): boolean => n < TOGETHER.length
    const handler = async (task: { n: number }): Promise<void> => {
      if (isTogether(task.n)) {
        beside.push([...crowd.running].filter(isTogether).length)
        crowd.hold([task.n], new Promise((resolve) => setImmediate(resolve)))
      }
      await crowd.handle(task)
    }
    const producer = new Producer(rabbit, tasks)
    await producer.sendAll(TOGETHER.map((n) => ({ n })))
    await takeAndLose(vhost.url, TOGETHER.length)
    await takeAndLose(vhost.url, TOGETHER.length)
    await new Worker(rabbit, tasks, handler, { concurrency: 20 }).start()
    let fresh = 100
    await eventually(
      async () => {
        await producer.sendAll(Array.from({ length: 50 }, () => ({ n: fresh++ })))
        expect(TOGETHER.filter((n) => !crowd.ended.has(n))).toEqual([])
      },
      { timeoutMs: 30_000, intervalMs: 5 },
    )
    expect(beside).toEqual(TOGETHER.map(() => 0))
    await eventually(() => expect(crowd.ended.size).toBe(20 + fresh - 100), { timeoutMs: 30_000 })
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
    expect(await vhost.queue('tasks.dead-letter')).toMatchObject({ messages: 0 })
  })

  test.for(['quorum', 'classic'] as const)(
    'because this process lost its connection are handled together again (%s)',
    async (type, { connectTo, proxy, rabbit: sender, vhost }) => {
      const contract = workQueue('tasks', { payload: tasks.payload, queue: { type } })
      const hold = gate()
      const seen: number[] = []
      const running = new Set<number>()
      const handler = async ({ n }: { n: number }, delivery: Delivery): Promise<void> => {
        seen.push(n)
        running.add(n)
        await Promise.race([hold.opened, untilAborted(delivery)])
        running.delete(n)
      }
      const worker = new Worker(await connectTo({}, proxy.urlFor(vhost.url)), contract, handler, { concurrency: 20 })
      const isolated: unknown[] = []
      worker.on('delivery.isolated', (event) => isolated.push(event))
      await worker.start()
      await new Producer(sender, contract).sendAll(TOGETHER.map((n) => ({ n })))
      for (const times of [1, 2, 3, 4]) {
        await eventually(() => expect(seen).toHaveLength(times * TOGETHER.length))
        if (times < 4) proxy.reset()
      }
      await eventually(() => expect(running.size).toBe(TOGETHER.length))
      hold.open()
      await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
      expect(isolated).toEqual([])
    },
  )

  test('because a worker of this process closed or asked for it are handled together again', async ({
    rabbit,
    vhost,
  }) => {
    const producer = new Producer(rabbit, tasks)
    await producer.sendAll(TOGETHER.map((n) => ({ n })))
    for (const _time of [1, 2, 3]) {
      const requeued = new Set<string | undefined>()
      const requeue = async (_task: unknown, delivery: ManualDelivery): Promise<void> => {
        if (!requeued.has(delivery.messageId)) await delivery.requeue()
        requeued.add(delivery.messageId)
      }
      const first = new Worker(rabbit, tasks, requeue, { acknowledge: 'manual', concurrency: 20 })
      await first.start()
      await eventually(() => expect(requeued.size).toBe(TOGETHER.length))
      await first.close({ timeoutMs: 1_500 })
    }
    const hold = gate()
    const running = new Set<number>()
    const isolated: unknown[] = []
    const handler = async ({ n }: { n: number }): Promise<void> => {
      running.add(n)
      await hold.opened
    }
    const worker = new Worker(rabbit, tasks, handler, { concurrency: 20 })
    worker.on('delivery.isolated', (event) => isolated.push(event))
    await worker.start()
    await eventually(() => expect(running.size).toBe(TOGETHER.length))
    hold.open()
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
    expect(isolated).toEqual([])
  })
})

const single = { ...tasks, queue: { ...tasks.queue, singleActive: true } }

describe.each([
  { name: 'whose worker says isolation: false', contract: tasks, options: { isolation: false } },
  { name: 'of a single active consumer', contract: single, options: {} },
])('a message that came back twice on a queue $name', ({ contract, options }) => {
  test('is handled beside others, like any message', async ({ connectTo, proxy, vhost }) => {
    const hold = gate()
    const seen: [number, number | undefined][] = []
    const handler = async ({ n }: { n: number }, { deliveryCount, signal }: Delivery): Promise<void> => {
      seen.push([n, deliveryCount])
      await Promise.race([hold.opened, new Promise((resolve) => signal.addEventListener('abort', resolve))])
    }
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const worker = new Worker(rabbit, contract, handler, { concurrency: 3, ...options })
    const isolated: unknown[] = []
    worker.on('delivery.isolated', (event) => isolated.push(event))
    await worker.start()
    await new Producer(rabbit, contract).sendAll([{ n: 1 }, { n: 2 }, { n: 3 }])
    for (const times of [1, 2, 3]) {
      await eventually(() => expect(seen).toHaveLength(times * 3))
      if (times < 3) proxy.reset()
    }
    expect(seen.slice(6).toSorted()).toEqual([
      [1, 2],
      [2, 2],
      [3, 2],
    ])
    hold.open()
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
    expect(isolated).toEqual([])
  })
})
