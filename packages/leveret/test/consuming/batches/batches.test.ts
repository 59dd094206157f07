import { describe, expect } from 'vitest'
import {
  type BatchHandler,
  type BatchItem,
  type BatchWorkerOptions,
  type Connection,
  type Interceptor,
  Producer,
  Reject,
  Retry,
  Worker,
} from '../../../src/index.js'
import { stranger } from '../../support/stranger.js'
import { eventually, firstEvent, gate, tasks, test } from '../../support/support.js'

/** Nothing but the size completes a batch that waits so long. */
const HOUR = 3_600_000

type Items = readonly BatchItem<{ n: number }>[]

const batched = (rabbit: Connection, handler: BatchHandler<{ n: number }>, options: BatchWorkerOptions) =>
  new Worker(rabbit, tasks, handler, options)
const numbersOf = (items: Items): number[] => items.map(({ payload }) => payload.n)
const send = async (rabbit: Connection, count: number): Promise<void> => {
  await new Producer(rabbit, tasks).sendAll(Array.from({ length: count }, (_, index) => ({ n: index + 1 })))
}

/** Keeps what each call of the handler got, with the attempt that it was. */
class Calls {
  readonly all: { readonly numbers: number[]; readonly attempts: number[] }[] = []

  note(items: Items): void {
    this.all.push({ numbers: numbersOf(items), attempts: items.map(({ delivery }) => delivery.attempt) })
  }

  get firsts(): number[] {
    return this.all.flatMap(({ numbers, attempts }) => numbers.filter((_, index) => attempts[index] === 1))
  }
}

describe('a batch', () => {
  test('is full, or what came in its time, and is acknowledged when its handler returns', async ({ rabbit, vhost }) => {
    await send(rabbit, 10)
    const calls = new Calls()
    const worker = batched(rabbit, (items) => calls.note(items), { batch: { size: 4, waitMs: 1_000 } })
    await worker.start()
    await eventually(() => expect(calls.firsts).toHaveLength(10))
    expect(calls.all.map(({ numbers }) => numbers)).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10],
    ])
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
  })

  test('has a result for each delivery: done, failed, given up, or again when its handler says', async ({
    rabbit,
    vhost,
  }) => {
    const calls = new Calls()
    const handler = async (items: Items): Promise<PromiseSettledResult<void>[]> => {
      calls.note(items)
      return await Promise.allSettled(
        items.map(async ({ payload: { n }, delivery: { attempt } }) => {
          if (attempt > 1 || n === 1) return
          if (n === 2) throw new Error('broken')
          if (n === 3) throw new Reject('never')
          throw new Retry({ afterMs: 200, reason: 'later' })
        }),
      )
    }
    const worker = batched(rabbit, handler, { batch: { size: 4, waitMs: 1_000 } })
    const retried: unknown[] = []
    worker.on('delivery.retried', ({ afterMs, failure }) => retried.push([failure.message, afterMs]))
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await send(rabbit, 4)
    await worker.start()
    expect(await dead).toMatchObject({ attempt: 1, reason: 'rejected', failure: { message: 'never' } })
    await eventually(async () => expect(await vhost.queue('tasks.dead-letter')).toMatchObject({ messages: 1 }))
    await eventually(() => {
      const again = calls.all
        .slice(1)
        .flatMap(({ numbers, attempts }) => numbers.map((n, index) => [n, attempts[index]]))
      expect(again.toSorted()).toEqual([
        [2, 2],
        [4, 2],
      ])
    })
    expect(retried.toSorted()).toEqual([
      ['broken', 100],
      ['later', 1_000],
    ])
  })

  test.for([
    { name: 'an error', result: new Error('all of it'), said: 'all of it' },
    { name: 'too few results', result: [{ status: 'fulfilled' }], said: 'one result for each of its 3 deliveries' },
    { name: 'something else', result: ['yes', 'yes', 'yes'], said: 'as Promise.allSettled makes them' },
  ])(
    'whose handler comes to $name is a failed attempt of each, on its own',
    async ({ result, said }, { rabbit, vhost }) => {
      const calls = new Calls()
      const handler = (items: Items): unknown => {
        calls.note(items)
        if (calls.all.length > 1) return undefined
        if (result instanceof Error) throw result
        return result
      }
      const worker = batched(rabbit, handler, { batch: { size: 3, waitMs: 1_000 } })
      const failures: string[] = []
      worker.on('delivery.retried', ({ failure }) => failures.push(failure.message))
      await send(rabbit, 3)
      await worker.start()
      await eventually(() => expect(calls.all.flatMap(({ numbers }) => numbers)).toHaveLength(6))
      expect(failures).toEqual(Array.from({ length: 3 }, () => expect.stringContaining(said)))
      expect(calls.all.slice(1).flatMap(({ attempts }) => attempts)).toEqual([2, 2, 2])
      await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
    },
  )

  test('has only what its contract allows; what does not fit is a dead letter and takes no place', async ({
    rabbit,
    vhost,
  }) => {
    await using other = await stranger(vhost.url)
    const calls = new Calls()
    const worker = batched(rabbit, (items) => calls.note(items), { batch: { size: 3, waitMs: HOUR } })
    await worker.start()
    for (const text of ['{"n":1}', '{broken', '{"n":2}', '{"n":"three"}', '{"n":3}']) {
      other.channel.publish('', 'tasks', Buffer.from(text), { contentType: 'application/json' })
    }
    await eventually(() => expect(calls.all.map(({ numbers }) => numbers)).toEqual([[1, 2, 3]]))
    await eventually(async () => expect(await vhost.queue('tasks.dead-letter')).toMatchObject({ messages: 2 }))
  })

  test('that takes too long fails, each of its deliveries with its signal aborted', async ({ rabbit }) => {
    const signals: AbortSignal[] = []
    const handler = async (items: Items, signal: AbortSignal): Promise<void> => {
      signals.push(signal, ...items.map(({ delivery }) => delivery.signal))
      if (signals.length === 4) await new Promise((resolve) => signal.addEventListener('abort', resolve))
      signal.throwIfAborted()
    }
    const worker = batched(rabbit, handler, { batch: { size: 3, waitMs: HOUR }, handlerTimeoutMs: 300 })
    const retried = firstEvent(worker, 'delivery.retried')
    await send(rabbit, 3)
    await worker.start()
    expect(await retried).toMatchObject({ failure: { name: 'HandlerTimeout' } })
    await eventually(() => expect(signals.slice(0, 4).map(({ aborted }) => aborted)).toEqual([true, true, true, true]))
  })

  test('runs beside as many others as the concurrency says, and holds what they are made of', async ({
    rabbit,
    vhost,
  }) => {
    const hold = gate()
    const running: number[][] = []
    const handler = async (items: Items): Promise<void> => {
      running.push(numbersOf(items))
      await hold.opened
    }
    await send(rabbit, 30)
    const worker = batched(rabbit, handler, { batch: { size: 5, waitMs: HOUR }, concurrency: 2, prefetch: 20 })
    await worker.start()
    await eventually(async () =>
      expect((await vhost.queue('tasks'))?.messages_unacknowledged).toBeGreaterThanOrEqual(20),
    )
    expect(running.map(({ length }) => length)).toEqual([5, 5])
    expect(rabbit.health().roles).toMatchObject([{}, { role: 'worker', inFlight: 2 }])
    hold.open()
    await eventually(() => expect(running.flat().toSorted((a, b) => a - b)).toHaveLength(30))
  })

  test('has the interceptors around the result of each of its deliveries', async ({ connectTo, vhost }) => {
    const seen: string[] = []
    const interceptor: Interceptor = {
      handle: async (delivery, next) => {
        try {
          await next()
          seen.push(`${delivery.attempt} done`)
        } catch (error) {
          seen.push(`${delivery.attempt} ${(error as Error).message}`)
          throw error
        }
      },
    }
    const rabbit = await connectTo({ interceptors: [interceptor] })
    const handler = (items: Items): PromiseSettledResult<void>[] =>
      items.map(({ payload: { n }, delivery: { attempt } }) =>
        n === 2 && attempt === 1
          ? { status: 'rejected', reason: new Error('two') }
          : { status: 'fulfilled', value: undefined },
      )
    await batched(rabbit, handler, { batch: { size: 2, waitMs: 100 } }).start()
    await send(rabbit, 2)
    await eventually(() => expect(seen.toSorted()).toEqual(['1 done', '1 two', '2 done']))
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
  })
})
