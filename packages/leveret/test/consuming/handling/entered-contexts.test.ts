import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect } from 'vitest'
import { type Connection, json, Producer, Worker, workQueue } from '../../../src/index.js'
import { eventually, tasks, test } from '../../support/support.js'

const COUNT = 20
/** Whose task it is, as a program may keep it. */
const context = new AsyncLocalStorage<string>()

describe('a context that a handler enters', () => {
  /** Sends them in one packet, so that they are delivered together. */
  async function burst(rabbit: Connection): Promise<void> {
    const producer = new Producer(rabbit, tasks)
    await Promise.all(Array.from({ length: COUNT }, (_, n) => producer.send({ n })))
  }

  test.for([1, 10])('is not seen by the next one, %i at once', async (concurrency, { connectTo, rabbit }) => {
    await burst(rabbit)
    const found: (string | undefined)[] = []
    const kept: boolean[] = []
    const consuming = await connectTo()
    const worker = new Worker(
      consuming,
      tasks,
      async ({ n }) => {
        found.push(context.getStore())
        context.enterWith(`tenant ${n}`)
        await new Promise(setImmediate)
        kept.push(context.getStore() === `tenant ${n}`)
      },
      { concurrency },
    )
    await worker.start()
    await eventually(() => expect(kept).toHaveLength(COUNT))
    expect(new Set(found)).toEqual(new Set([undefined]))
    expect(new Set(kept)).toEqual(new Set([true]))
  })

  test('is not seen by a handler where its codec has entered it', async ({ connectTo, rabbit }) => {
    await burst(rabbit)
    const found: (string | undefined)[] = []
    const decode = (content: Buffer): unknown => {
      context.enterWith('of a codec')
      return json.decode(content)
    }
    const entering = workQueue('tasks', { payload: tasks.payload, retry: tasks.retry, codec: { ...json, decode } })
    const worker = new Worker(await connectTo(), entering, () => void found.push(context.getStore()))
    await worker.start()
    await eventually(() => expect(found).toHaveLength(COUNT))
    expect(new Set(found)).toEqual(new Set([undefined]))
  })

  test('is not seen by the next one where handlers return at once', async ({ connectTo, rabbit }) => {
    await burst(rabbit)
    const found: (string | undefined)[] = []
    const worker = new Worker(await connectTo(), tasks, ({ n }) => {
      found.push(context.getStore())
      context.enterWith(`tenant ${n}`)
    })
    worker.on('delivery.acked', () => context.enterWith('listener'))
    await worker.start()
    await eventually(() => expect(found).toHaveLength(COUNT))
    expect(new Set(found)).toEqual(new Set([undefined]))
  })

  test('is not seen by the next batch', async ({ connectTo, rabbit }) => {
    await burst(rabbit)
    const found: (string | undefined)[] = []
    const handled: number[] = []
    const worker = new Worker(
      await connectTo(),
      tasks,
      async (batch) => {
        found.push(context.getStore())
        context.enterWith('a batch')
        await new Promise(setImmediate)
        for (const { payload } of batch) handled.push(payload.n)
      },
      { batch: { size: 3, waitMs: 50 }, prefetch: COUNT, concurrency: 2 },
    )
    await worker.start()
    await eventually(() => expect(handled).toHaveLength(COUNT))
    expect(new Set(found)).toEqual(new Set([undefined]))
  })

  test('by its interceptor holds for it, and for it alone', async ({ connectTo, rabbit }) => {
    await burst(rabbit)
    const found: [string | undefined, number][] = []
    const consuming = await connectTo({
      interceptors: [
        {
          handle: async ({ messageId = '' }, next) => {
            expect(context.getStore()).toBeUndefined()
            await context.run(messageId, next)
          },
        },
      ],
    })
    const ids = new Set<string>()
    const worker = new Worker(consuming, tasks, async ({ n }, { messageId = '' }) => {
      await new Promise(setImmediate)
      found.push([context.getStore(), n])
      ids.add(messageId)
    })
    await worker.start()
    await eventually(() => expect(found).toHaveLength(COUNT))
    expect(new Set(found.map(([store]) => store))).toEqual(ids)
  })
})
