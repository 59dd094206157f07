import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import { type BatchItem, Producer, Worker, workQueue } from '../../../src/index.js'
import { eventually, firstEvent, gate, test } from '../../support/support.js'

const events = workQueue('events', {
  payload: z.object({ account: z.string(), n: z.int() }),
  retry: { delaysMs: [50] },
})

describe('orderBy', () => {
  test('handles what has one key in order, one at a time, and different keys at once', async ({ rabbit }) => {
    const seen: Record<string, number[]> = { ann: [], bob: [], cal: [] }
    const running = new Set<string>()
    let together = 0
    const handler = async ({ account, n }: { account: string; n: number }): Promise<void> => {
      expect(running.has(account)).toBe(false)
      running.add(account)
      together = Math.max(together, running.size)
      await sleep((n * 7919) % 13)
      seen[account]?.push(n)
      running.delete(account)
    }
    const worker = new Worker(rabbit, events, handler, {
      concurrency: 4,
      prefetch: 40,
      orderBy: ({ account }) => account,
    })
    await worker.start()
    const sent = Array.from({ length: 90 }, (_, n) => ({ account: ['ann', 'bob', 'cal'][n % 3] ?? '', n }))
    await new Producer(rabbit, events).sendAll(sent)
    await eventually(() => expect(Object.values(seen).flat()).toHaveLength(90))
    expect(together).toBe(3)
    for (const numbers of Object.values(seen)) expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  })

  test('lets those behind a failed attempt go on: it comes again later', async ({ rabbit }) => {
    const seen: [number, number][] = []
    const worker = new Worker(
      rabbit,
      events,
      ({ n }, { attempt }) => {
        seen.push([n, attempt])
        if (n === 1 && attempt === 1) throw new Error('not yet')
      },
      { prefetch: 10, orderBy: ({ account }) => account },
    )
    await worker.start()
    await new Producer(rabbit, events).sendAll([1, 2, 3].map((n) => ({ account: 'ann', n })))
    await eventually(() =>
      expect(seen).toEqual([
        [1, 1],
        [2, 1],
        [3, 1],
        [1, 2],
      ]),
    )
  })

  test('holds also where the schema takes its time, and for some longer than for others', async ({ rabbit }) => {
    const slow = z.object({ n: z.int() }).refine(async ({ n }) => {
      await sleep((n * 7919) % 13)
      return true
    })
    const contract = workQueue('slow', { payload: slow })
    const seen: number[] = []
    const worker = new Worker(rabbit, contract, ({ n }) => void seen.push(n), { orderBy: () => 'all' })
    const numbers = Array.from({ length: 40 }, (_, n) => n)
    const producer = new Producer(rabbit, contract)
    for (const n of numbers) await producer.send({ n })
    await worker.start()
    await eventually(() => expect(seen).toHaveLength(40))
    expect(seen).toEqual(numbers)
  })

  // Each subscription begins with one delivery and then takes more.
  test('holds from the first delivery of each of twenty subscriptions on', async ({ rabbit }) => {
    const numbers = Array.from({ length: 60 }, (_, n) => n)
    for (let round = 0; round < 20; round += 1) {
      await new Producer(rabbit, events).sendAll(numbers.map((n) => ({ account: 'ann', n })))
      const seen: number[] = []
      const handler = async ({ n }: { n: number }): Promise<void> => {
        if (n % 7 === 0) await sleep(n % 3)
        seen.push(n)
      }
      const worker = new Worker(rabbit, events, handler, { prefetch: 40, orderBy: ({ account }) => account })
      await worker.start()
      await eventually(() => expect(seen).toHaveLength(numbers.length))
      await worker.close()
      expect(seen).toEqual(numbers)
    }
  })

  test('that throws fails the attempt', async ({ rabbit }) => {
    const orderBy = (): string => {
      throw new Error('no key')
    }
    const worker = new Worker(rabbit, events, () => undefined, { orderBy })
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    await new Producer(rabbit, events).send({ account: 'ann', n: 1 })
    expect(await dead).toMatchObject({ attempt: 2, failure: { message: 'no key' } })
  })

  test('gives back at close what waits behind another', async ({ rabbit, vhost }) => {
    const hold = gate()
    const seen: number[] = []
    const handler = async ({ n }: { n: number }): Promise<void> => {
      seen.push(n)
      await hold.opened
    }
    const worker = new Worker(rabbit, events, handler, { orderBy: () => 'all' })
    await worker.start()
    await new Producer(rabbit, events).sendAll([1, 2, 3].map((n) => ({ account: 'ann', n })))
    await eventually(async () => expect(await vhost.queue('events')).toMatchObject({ messages_unacknowledged: 3 }))
    const closing = worker.close()
    await eventually(async () => expect(await vhost.queue('events')).toMatchObject({ messages_ready: 2 }))
    hold.open()
    await closing
    expect(seen).toEqual([1])
    await eventually(async () => expect(await vhost.queue('events')).toMatchObject({ messages: 2 }))
  })
})

describe('over several processes', () => {
  const single = workQueue('single', { payload: events.payload, queue: { singleActive: true } })

  test('each key is handled in order, one at a time, with a single active consumer: also when that one closes', async ({
    connectTo,
  }) => {
    const seen: Record<string, number[]> = { ann: [], bob: [], cal: [] }
    const running = new Set<string>()
    const handled: number[] = [0, 0]
    const work =
      (index: number) =>
      async ({ account, n }: { account: string; n: number }) => {
        expect(running.has(account)).toBe(false)
        running.add(account)
        await sleep((n * 7919) % 5)
        seen[account]?.push(n)
        handled[index] = (handled[index] ?? 0) + 1
        running.delete(account)
      }
    const options = { concurrency: 4, prefetch: 20, orderBy: ({ account }: { account: string }) => account }
    const rabbits = [await connectTo(), await connectTo()] as const
    const workers = rabbits.map((rabbit, index) => new Worker(rabbit, single, work(index), options))
    for (const worker of workers) await worker.start()
    const sent = Array.from({ length: 300 }, (_, n) => ({ account: ['ann', 'bob', 'cal'][n % 3] ?? '', n }))
    const sending = new Producer(rabbits[1], single).sendAll(sent)
    await eventually(() => expect(handled[0]).toBeGreaterThan(40))
    await workers[0]?.close()
    await sending
    await eventually(() => expect(Object.values(seen).flat()).toHaveLength(300))
    expect(handled[1]).toBeGreaterThan(0)
    for (const numbers of Object.values(seen)) expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  })
})

describe('a schema that takes its time, and for some longer than for others,', () => {
  const slow = z.object({ n: z.int() }).refine(async ({ n }) => {
    await sleep((n * 7919) % 13)
    return true
  })
  const contract = workQueue('slow', { payload: slow })
  const numbers = Array.from({ length: 40 }, (_, n) => n)

  test.for([
    ['a worker with one handler at a time', undefined],
    ['batches', { size: 7, waitMs: 20 }],
  ] as const)('does not change the order of %s', async ([, batch], { rabbit }) => {
    const producer = new Producer(rabbit, contract)
    for (const n of numbers) await producer.send({ n })
    const seen: number[] = []
    const one = ({ n }: { n: number }): void => void seen.push(n)
    const all = (items: readonly BatchItem<{ n: number }>[]): void =>
      void seen.push(...items.map(({ payload }) => payload.n))
    const worker =
      batch === undefined
        ? new Worker(rabbit, contract, one, { concurrency: 1, prefetch: 20 })
        : new Worker(rabbit, contract, all, { batch, prefetch: 20 })
    await worker.start()
    await eventually(() => expect(seen).toHaveLength(40))
    expect(seen).toEqual(numbers)
  })
})
