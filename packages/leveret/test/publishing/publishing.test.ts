import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import { bytes, type MessageDiagnostics, Producer, Worker, workQueue } from '../../src/index.js'
import { eventually, tasks, test } from '../support/support.js'

describe('headers', () => {
  test.for([
    [{ at: new Date() }, 'toISOString'],
    [{ big: 2n ** 63n }, 'bigint'],
    [{ nan: Number.NaN }, 'finite'],
    [{ when: [undefined] }, 'undefined'],
    [{ map: new Map() }, 'class'],
    [{ ['x'.repeat(256)]: 1 }, '255 bytes'],
    [{ huge: 'x'.repeat(50_000) }, 'the limit is'],
  ] as const)(
    'that AMQP cannot carry are refused, and no other role is affected: %#',
    async ([headers, hint], { rabbit, vhost }) => {
      const producer = new Producer(rabbit, tasks)
      await producer.send({ n: 1 })
      await expect(producer.send({ n: 2 }, { headers })).rejects.toMatchObject({
        name: 'OptionsError',
        message: expect.stringContaining(hint),
      })
      await producer.send({ n: 3 })
      await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 2 }))
    },
  )

  test('may be large, and arrive as they were sent', async ({ rabbit }) => {
    const seen: unknown[] = []
    await new Worker(rabbit, tasks, (_task, { headers }) => void seen.push({ ...headers })).start()
    const headers = { text: 'x'.repeat(48_900), list: [1, 'two', null, { three: true }], table: { deep: { er: 1 } } }
    await new Producer(rabbit, tasks).send({ n: 1 }, { headers })
    await eventually(() => expect(seen).toEqual([headers]))
  })
})

describe('size', () => {
  const blobs = workQueue('blobs', { payload: z.instanceof(Uint8Array), codec: bytes, queue: { type: 'classic' } })

  test('is checked before the broker would close the channel over it', async ({ rabbit, connectTo }) => {
    const producer = new Producer(rabbit, blobs)
    const neighbours = Promise.all(Array.from({ length: 20 }, () => producer.send(Buffer.alloc(10))))
    const tooLarge = producer.send(Buffer.alloc(16 * 1024 * 1024 + 1))
    await expect(tooLarge).rejects.toMatchObject({
      outcome: 'not-sent',
      retryable: false,
      message: expect.stringContaining('maxMessageBytes'),
    })
    await neighbours
    const small = new Producer(await connectTo({ maxMessageBytes: 10 }), blobs)
    await expect(small.send(Buffer.alloc(11))).rejects.toMatchObject({ outcome: 'not-sent' })
  })

  test('of 16 MiB is carried', async ({ rabbit }) => {
    const seen: number[] = []
    await new Worker(rabbit, blobs, (blob) => void seen.push(blob.length)).start()
    await new Producer(rabbit, blobs).send(Buffer.alloc(16 * 1024 * 1024))
    await eventually(() => expect(seen).toEqual([16 * 1024 * 1024]))
  })
})

describe('under load', () => {
  test('a thousand unroutable sends are distinguished from a thousand good ones', async ({ connectTo, rabbit }) => {
    await new Producer(rabbit, tasks).send({ n: 0 })
    const skipping = await connectTo({ topology: 'skip' })
    const good = new Producer(skipping, tasks)
    const bad = new Producer(skipping, workQueue('nowhere', { payload: z.string() }))
    const outcomes = await Promise.allSettled(
      Array.from({ length: 2_000 }, (_, n) => (n % 2 === 0 ? good.send({ n }) : bad.send(`${n}`))),
    )
    for (const [n, outcome] of outcomes.entries()) {
      if (n % 2 === 0) expect(outcome.status).toBe('fulfilled')
      else expect(outcome).toMatchObject({ status: 'rejected', reason: { outcome: 'returned', routingKey: 'nowhere' } })
    }
  })

  test('two sends with one id are each answered for themselves', async ({ rabbit, connectTo }) => {
    await new Producer(rabbit, tasks).send({ n: 0 })
    const skipping = await connectTo({ topology: 'skip' })
    const good = new Producer(skipping, tasks)
    const bad = new Producer(skipping, workQueue('nowhere', { payload: z.string() }))
    const sends = Array.from({ length: 50 }, (_, n) =>
      n % 2 === 0 ? good.send({ n }, { messageId: 'same' }) : bad.send('x', { messageId: 'same' }),
    )
    const statuses = (await Promise.allSettled(sends)).map(({ status }) => status)
    expect(statuses).toEqual(Array.from({ length: 50 }, (_, n) => (n % 2 === 0 ? 'fulfilled' : 'rejected')))
  })

  test('so is a send under the id that leveret gave to one in flight', async ({ rabbit, connectTo }) => {
    await new Producer(rabbit, tasks).send({ n: 0 })
    const skipping = await connectTo({ topology: 'skip' })
    const good = new Producer(skipping, tasks)
    const bad = new Producer(skipping, workQueue('nowhere', { payload: z.string() }))
    await good.send({ n: 1 })
    const published = new Promise<string>((resolve) => {
      const listener = (message: unknown): void => {
        unsubscribe('leveret:published', listener)
        resolve((message as MessageDiagnostics).messageId)
      }
      subscribe('leveret:published', listener)
    })
    const first = bad.send('x')
    const messageId = await published
    const second = good.send({ n: 2 }, { messageId })
    await expect(first).rejects.toMatchObject({ outcome: 'returned', messageId })
    expect(await second).toEqual({ messageId })
  })

  test("a producer's tasks arrive in their order", async ({ rabbit }) => {
    const seen: number[] = []
    const producer = new Producer(rabbit, tasks)
    await Promise.all(Array.from({ length: 3_000 }, (_, n) => producer.send({ n })))
    await new Worker(rabbit, tasks, ({ n }) => void seen.push(n), { concurrency: 1, prefetch: 500 }).start()
    await eventually(() => expect(seen).toHaveLength(3_000), { timeoutMs: 30_000 })
    expect(seen).toEqual(Array.from({ length: 3_000 }, (_, n) => n))
  })

  test('a thousand producers share one channel', async ({ rabbit, vhost }) => {
    const producers = Array.from({ length: 1_000 }, () => new Producer(rabbit, tasks))
    await Promise.all(producers.map((producer, n) => producer.send({ n })))
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 1_000 }))
    await eventually(async () => expect(await vhost.channels()).toHaveLength(1))
  })
})
