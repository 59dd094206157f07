import { describe, expect } from 'vitest'
import { type Delivery, Producer, Worker, workQueue } from '../src/index.js'
import { eventually, gate, tasks, test } from './support.js'
import { Crowd } from './suspects.js'

const TOGETHER = Array.from({ length: 20 }, (_, n) => n)

describe.each(['quorum', 'classic'] as const)('innocents that came back twice with others, on a %s queue,', (type) => {
  const contract = workQueue('tasks', { payload: tasks.payload, queue: { type } })

  test('are handled one at a time, from the first one on, and none is given up, whatever comes between', async ({
    rabbit,
    connectTo,
    proxy,
    vhost,
  }) => {
    const crowd = new Crowd()
    const lost: number[] = []
    const beside: number[] = []
    const isTogether = (n: number): boolean => n < TOGETHER.length
    const handler = async (task: { n: number }, { signal }: { signal: AbortSignal }): Promise<void> => {
      if (isTogether(task.n) && lost.push(task.n) <= 2 * TOGETHER.length) {
        return await new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
      }
      if (isTogether(task.n)) {
        beside.push([...crowd.running].filter(isTogether).length)
        crowd.hold([task.n], new Promise((resolve) => setTimeout(resolve, 5)))
      }
      await crowd.handle(task)
    }
    const worker = new Worker(await connectTo({}, proxy.urlFor(vhost.url)), contract, handler, { concurrency: 20 })
    await worker.start()
    const producer = new Producer(rabbit, contract)
    await producer.sendAll(TOGETHER.map((n) => ({ n })))
    for (const times of [1, 2]) {
      await eventually(() => expect(lost).toHaveLength(times * TOGETHER.length))
      proxy.reset()
    }
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
