import { describe, expect } from 'vitest'
import { type Delivery, MemoryDeduplicationStore, Producer, Worker, workQueue } from '../../../src/index.js'
import { eventually, firstEvent, gate, tasks, nativeTest as test } from '../../support/support.js'

const native = workQueue('tasks', {
  payload: tasks.payload,
  retry: { native: { minMs: 100, maxMs: 200, attempts: 4 } },
})

describe('with native retry', () => {
  test('a task that is postponed goes on with its count', async ({ rabbit }) => {
    const store = new MemoryDeduplicationStore()
    const begun: number[] = []
    // Its third attempt finds that somebody else has its key.
    const busy: typeof store.begin = async (key, token, leaseMs) => {
      if (begun.length === 2 && begun.push(0) === 3) return 'in-progress'
      return await store.begin(key, token, leaseMs)
    }
    const shared = { begin: busy, done: store.done.bind(store), giveUp: store.giveUp.bind(store) }
    const handler = (_task: unknown, { attempt }: Delivery): void => {
      begun.push(attempt)
      if (attempt < 4) throw new Error('not yet')
    }
    const worker = new Worker(rabbit, native, handler, { deduplicate: { store: shared, ttlMs: 60_000 } })
    const postponed = firstEvent(worker, 'delivery.postponed')
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    await new Producer(rabbit, native).send({ n: 1 })
    expect(await postponed).toMatchObject({ attempt: 3 })
    expect(await acked).toMatchObject({ attempt: 4 })
    expect(begun).toEqual([1, 2, 0, 3, 4])
  }, 30_000)

  test('an attempt that close ends is none', async ({ rabbit, connectTo }) => {
    const begun = gate()
    const attempts: number[] = []
    const first = new Worker(rabbit, native, async (_task, { attempt, signal }) => {
      attempts.push(attempt)
      begun.open()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    })
    const givenBack = firstEvent(first, 'delivery.given-back')
    await first.start()
    await new Producer(rabbit, native).send({ n: 1 })
    await begun.opened
    await first.close({ timeoutMs: 1_200 })
    await givenBack
    const second = new Worker(await connectTo(), native, (_task, { attempt }) => void attempts.push(attempt))
    await second.start()
    await eventually(() => expect(attempts).toEqual([1, 1]))
  })
})
