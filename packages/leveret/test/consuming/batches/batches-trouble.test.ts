import { describe, expect } from 'vitest'
import { type BatchItem, MemoryDeduplicationStore, Producer, Reject, Worker, workQueue } from '../../../src/index.js'
import { eventually, firstEvent, gate, stable, tasks, test } from '../../support/support.js'
import { forbidSurprises } from '../../support/surprises.js'

forbidSurprises()

/** Nothing but the size completes a batch that waits so long. */
const HOUR = 3_600_000

type Items = readonly BatchItem<{ n: number }>[]

const numbersOf = (items: Items): number[] => items.map(({ payload }) => payload.n)
const numbered = (count: number): { n: number }[] => Array.from({ length: count }, (_, index) => ({ n: index + 1 }))

describe('a worker with batches', () => {
  test('that is closed gives back at once what waits for a batch to be full', async ({ rabbit, vhost }) => {
    const called: number[] = []
    const worker = new Worker(rabbit, tasks, () => void called.push(1), { batch: { size: 10, waitMs: HOUR } })
    await worker.start()
    await new Producer(rabbit, tasks).sendAll(numbered(7))
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages_unacknowledged: 7 }))
    const stale: unknown[] = []
    worker.on('delivery.stale', (event) => stale.push(event))
    await worker.close({ timeoutMs: 30_000 })
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages_ready: 7, consumers: 0 }))
    expect([called, stale]).toEqual([[], []])
  })

  test('that is closed waits for the batch that runs, and acknowledges it', async ({ rabbit, vhost }) => {
    const [begun, hold] = [gate(), gate()]
    const handler = async (): Promise<void> => {
      begun.open()
      await hold.opened
    }
    const worker = new Worker(rabbit, tasks, handler, { batch: { size: 3, waitMs: HOUR }, prefetch: 5 })
    await new Producer(rabbit, tasks).sendAll(numbered(5))
    await worker.start()
    await begun.opened
    const closed = worker.close()
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages_ready: 2 }))
    hold.open()
    await closed
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 2, messages_ready: 2 }))
  })

  test('that loses its connection drops the batches it was collecting or running, and gets them again', async ({
    connectTo,
    proxy,
    rabbit: sender,
    vhost,
  }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const done: number[] = []
    const signals: AbortSignal[] = []
    const handler = async (items: Items, signal: AbortSignal): Promise<void> => {
      signals.push(signal)
      if (signals.length === 1) await new Promise((resolve) => signal.addEventListener('abort', resolve))
      else done.push(...numbersOf(items))
    }
    const worker = new Worker(rabbit, tasks, handler, { batch: { size: 3, waitMs: 500 }, prefetch: 5 })
    await worker.start()
    await stable()
    await new Producer(sender, tasks).sendAll(numbered(4))
    await eventually(() => expect(signals).toHaveLength(1))
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages_unacknowledged: 4 }))
    const recovered = firstEvent(worker, 'channel.recovered')
    proxy.reset()
    await recovered
    await eventually(() => expect(done.toSorted()).toEqual([1, 2, 3, 4]))
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
  })

  test('that is paused holds what it was collecting, and goes on with it', async ({ rabbit, vhost }) => {
    const batches: number[][] = []
    const handler = (items: Items): void => void batches.push(numbersOf(items))
    const worker = new Worker(rabbit, tasks, handler, { batch: { size: 4, waitMs: HOUR } })
    await worker.start()
    const producer = new Producer(rabbit, tasks)
    await producer.sendAll(numbered(3))
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages_unacknowledged: 3 }))
    await worker.pause()
    await producer.send({ n: 4 })
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages_ready: 1 }))
    expect(batches).toEqual([])
    await worker.resume()
    await eventually(() => expect(batches).toEqual([[1, 2, 3, 4]]))
  })

  test('handles each of thousands once, on one channel', async ({ rabbit, vhost }) => {
    const count = 3_000
    const seen: number[] = []
    const sizes = new Set<number>()
    const lost: unknown[] = []
    const handler = (items: Items): void => {
      sizes.add(items.length)
      seen.push(...numbersOf(items))
    }
    const worker = new Worker(rabbit, tasks, handler, { batch: { size: 100, waitMs: 200 }, concurrency: 2 })
    worker.on('channel.lost', (event) => lost.push(event))
    await new Producer(rabbit, tasks).sendAll(numbered(count))
    await worker.start()
    await eventually(() => expect(seen).toHaveLength(count))
    expect(new Set(seen).size).toBe(count)
    expect(Math.max(...sizes)).toBe(100)
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
    expect(lost).toEqual([])
  })

  test('leaves what was handled before out of its batches', async ({ rabbit, vhost }) => {
    const batches: number[][] = []
    const handler = (items: Items): void => void batches.push(numbersOf(items))
    const deduplicate = { store: new MemoryDeduplicationStore(), ttlMs: 60_000 }
    const worker = new Worker(rabbit, tasks, handler, { batch: { size: 3, waitMs: 100 }, deduplicate })
    const skipped: unknown[] = []
    worker.on('delivery.skipped', ({ messageId }) => skipped.push(messageId))
    await worker.start()
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 1 }, { messageId: 'one' })
    await eventually(() => expect(batches).toEqual([[1]]))
    for (const n of [1, 2, 3]) await producer.send({ n }, { messageId: ['one', 'two', 'three'][n - 1] ?? '' })
    await eventually(() => expect(batches.flat()).toEqual([1, 2, 3]))
    await eventually(() => expect(skipped).toEqual(['one']))
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
  })

  test('that fails has each delivery fail, and the process goes on, however long an interceptor thinks', async ({
    connectTo,
  }) => {
    const think = async (): Promise<void> => {
      for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate)
    }
    const thinking = { handle: async (_delivery: unknown, next: () => Promise<void>) => await think().then(next) }
    const rabbit = await connectTo({ interceptors: [thinking] })
    const handler = async (): Promise<void> => {
      throw new Error('the whole batch')
    }
    const worker = new Worker(rabbit, tasks, handler, { batch: { size: 2, waitMs: HOUR } })
    const retried: unknown[] = []
    worker.on('delivery.retried', ({ failure }) => retried.push(failure.message))
    await worker.start()
    await new Producer(rabbit, tasks).sendAll(numbered(2))
    await eventually(() => expect(retried.slice(0, 2)).toEqual(['the whole batch', 'the whole batch']))
    await worker.close()
  })

  test('does not wait for one that is held up: only that one fails', async ({ connectTo }) => {
    const stuck = gate()
    const rabbit = await connectTo({
      interceptors: [{ handle: async ({ headers: { held } }, next) => await (held ? stuck.opened : next()) }],
    })
    const contract = workQueue('tasks', { payload: tasks.payload, retry: false })
    const batches: [number[], boolean][] = []
    const handler = (items: Items, { aborted }: AbortSignal): void => void batches.push([numbersOf(items), aborted])
    const worker = new Worker(rabbit, contract, handler, { batch: { size: 3, waitMs: HOUR }, handlerTimeoutMs: 1_000 })
    const acked: unknown[] = []
    worker.on('delivery.acked', (event) => acked.push(event))
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    const producer = new Producer(rabbit, contract)
    await producer.send({ n: 1 })
    const { messageId } = await producer.send({ n: 2 }, { headers: { held: true } })
    await producer.send({ n: 3 })
    expect(await dead).toMatchObject({ messageId, failure: { name: 'HandlerTimeout' } })
    expect(acked).toHaveLength(2)
    expect(batches).toEqual([[[1, 3], false]])
    stuck.open()
  })

  test('hands over none that an interceptor refuses', async ({ connectTo }) => {
    const rabbit = await connectTo({
      interceptors: [
        {
          handle: async ({ headers: { tenant } }, next) => {
            if (tenant === 'blocked') throw new Reject('blocked')
            await next()
          },
        },
      ],
    })
    const batches: number[][] = []
    const worker = new Worker(rabbit, tasks, (items: Items) => void batches.push(numbersOf(items)), {
      batch: { size: 3, waitMs: HOUR },
    })
    const refused = firstEvent(worker, 'delivery.dead-lettered')
    const acked: unknown[] = []
    worker.on('delivery.acked', (event) => acked.push(event))
    await worker.start()
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 1 })
    await producer.send({ n: 2 }, { headers: { tenant: 'blocked' } })
    await producer.send({ n: 3 })
    expect(await refused).toMatchObject({ reason: 'rejected', failure: { message: 'blocked' } })
    await eventually(() => expect(acked).toHaveLength(2))
    expect(batches).toEqual([[1, 3]])
  })

  test('is not called when an interceptor refuses all of it', async ({ connectTo }) => {
    const refuse = { handle: () => Promise.reject(new Reject('blocked')) }
    const rabbit = await connectTo({ interceptors: [refuse] })
    const batches: unknown[] = []
    const worker = new Worker(rabbit, tasks, (items: Items) => void batches.push(items), {
      batch: { size: 2, waitMs: HOUR },
    })
    const refused: unknown[] = []
    worker.on('delivery.dead-lettered', (event) => refused.push(event))
    await worker.start()
    await new Producer(rabbit, tasks).sendAll(numbered(2))
    await eventually(() => expect(refused).toHaveLength(2))
    expect(batches).toEqual([])
  })

  test('that returns an array with holes acknowledges none of it', async ({ rabbit }) => {
    const results: unknown[] = []
    results[1] = { status: 'fulfilled', value: undefined }
    const worker = new Worker(rabbit, tasks, () => results, { batch: { size: 2, waitMs: HOUR } })
    const failures: string[] = []
    const acked: unknown[] = []
    worker.on('delivery.retried', ({ failure }) => failures.push(failure.name))
    worker.on('delivery.acked', (event) => acked.push(event))
    await worker.start()
    await new Producer(rabbit, tasks).sendAll(numbered(2))
    await eventually(() => expect(failures.slice(0, 2)).toEqual(['TypeError', 'TypeError']))
    await worker.close()
    expect(acked).toEqual([])
  })
})
