import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  type Credentials,
  type DeduplicationStore,
  MemoryDeduplicationStore,
  MemoryOffsetStore,
  PayloadError,
  Producer,
  procedure,
  Retry,
  RpcClient,
  RpcServer,
  Worker,
  workQueue,
} from '../../src/index.js'
import { reader, write } from '../support/journal.js'
import { eventually, firstEvent, gate, tasks, test } from '../support/support.js'
import { forbidSurprises, warnings } from '../support/surprises.js'
import { THENABLES } from '../support/thenables.js'

forbidSurprises()

describe.for(THENABLES)('%s', ([_name, thenable]) => {
  test('that a handler returns is waited for before the task is acknowledged', async ({ rabbit }) => {
    const hold = gate()
    const told: string[] = []
    const worker = new Worker(
      rabbit,
      tasks,
      ({ n }) => {
        told.push(`begun ${n}`)
        return thenable(
          (async () => {
            if (n === 1) await hold.opened
            told.push(`ended ${n}`)
          })(),
        )
      },
      { concurrency: 1 },
    )
    worker.on('delivery.acked', () => told.push('acked'))
    await worker.start()
    await new Producer(rabbit, tasks).sendAll([{ n: 1 }, { n: 2 }])
    await eventually(() => expect(told.length).toBeGreaterThan(0))
    hold.open()
    await eventually(() => expect(told.filter((what) => what === 'acked')).toHaveLength(2))
    expect(told).toEqual(['begun 1', 'ended 1', 'acked', 'begun 2', 'ended 2', 'acked'])
  })

  test('that a handler returns and that rejects is a failed attempt', async ({ rabbit }) => {
    const worker = new Worker(rabbit, tasks, () => thenable(Promise.reject(new Error('later'))))
    const ended = Promise.race([firstEvent(worker, 'delivery.retried'), firstEvent(worker, 'delivery.acked')])
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 })
    expect(await ended).toMatchObject({ attempt: 1, failure: { message: 'later' } })
  })

  test('that a server returns is the response when it is there', async ({ rabbit }) => {
    const double = procedure('double', { request: z.int(), response: z.int() })
    // The type asks for a `Promise`, because the compiler's errors are short then.
    const handler = (n: number): Promise<number> => thenable(Promise.resolve(n * 2)) as Promise<number>
    await new RpcServer(rabbit, double, handler).start()
    expect(await new RpcClient(rabbit, double).call(4)).toBe(8)
  })

  test('that an interceptor returns is waited for', async ({ connectTo, rabbit }) => {
    const told: string[] = []
    const handle = (_delivery: unknown, next: () => Promise<void>): PromiseLike<void> =>
      thenable(
        (async () => {
          await next()
          await new Promise(setImmediate)
          told.push('intercepted')
        })(),
      )
    const worker = new Worker(await connectTo({ interceptors: [{ handle }] }), tasks, () => void told.push('handled'))
    const acked = firstEvent(worker, 'delivery.acked').then(() => told.push('acked'))
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 })
    await acked
    expect(told).toEqual(['handled', 'intercepted', 'acked'])
  })

  test('that a credentials provider returns is waited for', async ({ connectTo }) => {
    const credentials = (): PromiseLike<Credentials> =>
      thenable(Promise.resolve({ username: 'guest', password: 'guest' }))
    expect((await connectTo({ credentials })).state).toBe('ready')
  })

  test('that a deduplication store returns is waited for', async ({ rabbit }) => {
    const memory = new MemoryDeduplicationStore()
    const store: DeduplicationStore = {
      begin: (...args) => thenable(memory.begin(...args)),
      done: (...args) => thenable(memory.done(...args)),
      giveUp: (...args) => thenable(memory.giveUp(...args)),
    }
    const seen: number[] = []
    const handler = ({ n }: { n: number }): void => void seen.push(n)
    const worker = new Worker(rabbit, tasks, handler, { deduplicate: { store, ttlMs: 60_000 } })
    const skipped = firstEvent(worker, 'delivery.skipped')
    await worker.start()
    for (const n of [1, 2]) await new Producer(rabbit, tasks).send({ n }, { messageId: 'same' })
    await skipped
    expect(seen).toEqual([1])
  })

  test('that an offset store returns is waited for', async ({ rabbit }) => {
    const memory = new MemoryOffsetStore()
    const store = { load: () => thenable(memory.load()), save: (offset: number) => thenable(memory.save(offset)) }
    const first = reader(rabbit, { store })
    await first.subscriber.start()
    await write(rabbit, [1, 2])
    await eventually(() => expect(first.seen).toEqual([1, 2]))
    await first.subscriber.close()
    await write(rabbit, [3])
    const second = reader(rabbit, { store })
    await second.subscriber.start()
    await eventually(() => expect(second.seen).toEqual([3]))
  })

  test('that a listener returns and that rejects is a warning of the process', async ({ rabbit }) => {
    const said = warnings()
    const worker = new Worker(rabbit, tasks, () => undefined)
    worker.on('delivery.acked', () => thenable(Promise.reject(new Error('in a listener'))) as never)
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 })
    await eventually(() => expect(said).toEqual([expect.stringContaining('in a listener')]))
  })
})

describe('a forged Retry', () => {
  test.for([1_234, Number.NaN, '5', 1e12, -1])(
    'with a delay of %s makes no queue that is not of the ladder',
    async (afterMs, { rabbit, vhost }) => {
      const worker = new Worker(rabbit, tasks, () => {
        throw Object.assign(Object.create(Retry.prototype), { afterMs })
      })
      const ended = Promise.race([firstEvent(worker, 'delivery.retried'), firstEvent(worker, 'delivery.dead-lettered')])
      await worker.start()
      await new Producer(rabbit, tasks).send({ n: 1 })
      // 1,234 ms is 2 s; what is no delay is a failed attempt like any other.
      expect(await ended).toMatchObject({ attempt: 1, afterMs: afterMs === 1_234 ? 2_000 : 100 })
      const delayQueues = (await vhost.queues()).map(({ name }) => name).filter((name) => name.includes('.retry.'))
      expect(delayQueues).toEqual([afterMs === 1_234 ? 'tasks.retry.2000' : 'tasks.retry.100'])
    },
  )
})

test('a PayloadError that a handler got from elsewhere is a failed attempt, and not taken for an invalid task', async ({
  rabbit,
}) => {
  const worker = new Worker(rabbit, tasks, () => {
    throw new PayloadError('incoming', 'elsewhere', [{ path: [], message: 'an answer that does not fit' }])
  })
  const dead = firstEvent(worker, 'delivery.dead-lettered')
  await worker.start()
  await new Producer(rabbit, tasks).send({ n: 1 })
  expect(await dead).toMatchObject({ attempt: 3, reason: 'attempts-exhausted' })
})

test.for([
  ['a promise', Promise.resolve(1)],
  ['an object', {}],
  ['null', null],
])(
  'a key for orderBy that is %s fails the attempt, because it would order nothing',
  async ([_name, key], { rabbit }) => {
    const contract = workQueue('ordered', { payload: tasks.payload, retry: false })
    const worker = new Worker(rabbit, contract, () => undefined, { orderBy: () => key as unknown as string })
    const ended = Promise.race([firstEvent(worker, 'delivery.dead-lettered'), firstEvent(worker, 'delivery.acked')])
    await worker.start()
    await new Producer(rabbit, contract).send({ n: 1 })
    expect(await ended).toMatchObject({ failure: { message: expect.stringContaining('orderBy') } })
  },
)
