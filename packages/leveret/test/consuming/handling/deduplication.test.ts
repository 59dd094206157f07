import { describe, expect } from 'vitest'
import {
  type Connection,
  type DeduplicationStore,
  type Delivery,
  fanoutExchange,
  MemoryDeduplicationStore,
  OptionsError,
  Producer,
  Subscriber,
  Worker,
  type WorkerOptions,
  workQueue,
} from '../../../src/index.js'
import { eventually, firstEvent, gate, stable, tasks, test } from '../../support/support.js'

type Handler = (task: { n: number }, delivery: Delivery) => unknown

interface Deduplicating {
  readonly store?: DeduplicationStore
  readonly options?: Pick<WorkerOptions<{ n: number }>, 'handlerTimeoutMs'>
}

function deduplicating(
  rabbit: Connection,
  handler: Handler,
  { store = new MemoryDeduplicationStore(), options }: Deduplicating = {},
): Worker<typeof tasks> {
  return new Worker(rabbit, tasks, handler, { ...options, deduplicate: { store, ttlMs: 60_000 } })
}

/** A store of which one call always fails. */
function failing(call: keyof DeduplicationStore): DeduplicationStore {
  const store = new MemoryDeduplicationStore()
  const fail = async (): Promise<never> => {
    throw new Error(`${call} is down`)
  }
  return {
    begin: async (...args) => await store.begin(...args),
    done: async (...args) => await store.done(...args),
    giveUp: async (...args) => await store.giveUp(...args),
    [call]: fail,
  }
}

describe('what has the id of a message', () => {
  test('that was handled is acknowledged, and not handled again', async ({ rabbit, vhost }) => {
    const seen: number[] = []
    const worker = deduplicating(rabbit, ({ n }) => seen.push(n))
    await worker.start()
    const skipped = firstEvent(worker, 'delivery.skipped')
    const producer = new Producer(rabbit, tasks)
    for (const n of [1, 2]) await producer.send({ n }, { messageId: 'same' })
    expect(await skipped).toMatchObject({ messageId: 'same', attempt: 1 })
    await producer.send({ n: 3 })
    await producer.send({ n: 3 })
    await eventually(() => expect(seen).toEqual([1, 3, 3]))
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
  })

  test('that is being handled waits, and is then skipped', async ({ rabbit, connectTo, vhost }) => {
    const store = new MemoryDeduplicationStore()
    const hold = gate()
    const seen: number[] = []
    const handler: Handler = async ({ n }) => {
      seen.push(n)
      await hold.opened
    }
    const workers = [deduplicating(rabbit, handler, { store }), deduplicating(await connectTo(), handler, { store })]
    const told = (name: 'delivery.postponed' | 'delivery.skipped'): Promise<unknown> =>
      Promise.race(workers.map((worker) => firstEvent(worker, name)))
    const [postponed, skipped] = [told('delivery.postponed'), told('delivery.skipped')]
    for (const worker of workers) await worker.start()
    const producer = new Producer(rabbit, tasks)
    for (const n of [1, 2]) await producer.send({ n }, { messageId: 'same' })
    expect(await postponed).toMatchObject({ messageId: 'same', attempt: 1, afterMs: 5_000 })
    hold.open()
    expect(await skipped).toMatchObject({ messageId: 'same', attempt: 1 })
    expect(seen).toHaveLength(1)
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
  })

  test('whose attempt failed is handled again, by the retry or by another', async ({ rabbit }) => {
    const attempts: number[] = []
    const worker = deduplicating(rabbit, (_task, { attempt }) => {
      attempts.push(attempt)
      if (attempt < 3) throw new Error('not yet')
    })
    const [acked, skipped] = [firstEvent(worker, 'delivery.acked'), firstEvent(worker, 'delivery.skipped')]
    await worker.start()
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 1 }, { messageId: 'same' })
    await acked
    await producer.send({ n: 1 }, { messageId: 'same' })
    await skipped
    expect(attempts).toEqual([1, 2, 3])
  })

  test('that comes back after its connection was lost is not done twice, though its handler ended in between', async ({
    connectTo,
    proxy,
    rabbit: sender,
    vhost,
  }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const [begun, hold] = [gate(), gate()]
    const seen: number[] = []
    const worker = deduplicating(rabbit, async ({ n }) => {
      seen.push(n)
      begun.open()
      await hold.opened
    })
    const [recovered, skipped] = [firstEvent(worker, 'channel.recovered'), firstEvent(worker, 'delivery.skipped')]
    await worker.start()
    await stable()
    await new Producer(sender, tasks).send({ n: 1 })
    await begun.opened
    proxy.reset()
    await recovered
    hold.open()
    await skipped
    expect(seen).toEqual([1])
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
  })

  test('may be on two queues, with one store, and is handled on each', async ({ rabbit }) => {
    const store = new MemoryDeduplicationStore()
    const others = workQueue('others', { payload: tasks.payload })
    const seen: string[] = []
    for (const contract of [tasks, others]) {
      const handler = (): void => void seen.push(contract.name)
      await new Worker(rabbit, contract, handler, { deduplicate: { store, ttlMs: 60_000 } }).start()
      await new Producer(rabbit, contract).send({ n: 1 }, { messageId: 'same' })
    }
    await eventually(() => expect(seen).toEqual(['tasks', 'others']))
  })
})

describe('a store that fails', () => {
  test('to begin fails the attempt before its handler, so that nothing is done unremembered', async ({ rabbit }) => {
    const seen: number[] = []
    const worker = deduplicating(rabbit, ({ n }) => seen.push(n), { store: failing('begin') })
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 })
    expect(await dead).toMatchObject({
      attempt: 3,
      reason: 'attempts-exhausted',
      failure: { message: "the deduplication store's begin failed, so the handler did not begin: begin is down" },
    })
    expect(seen).toEqual([])
  })

  test.for(['done', 'giveUp'] as const)(
    'at %s is reported, and changes nothing for the delivery',
    async (call, { rabbit, vhost }) => {
      const worker = deduplicating(
        rabbit,
        (_task, { attempt }) => {
          if (call === 'giveUp' && attempt === 1) throw new Error('the first time it fails')
        },
        // Where it was not given up, the lease has to end before the next attempt.
        { store: failing(call), options: { handlerTimeoutMs: 100 } },
      )
      const [told, acked] = [firstEvent(worker, 'delivery.not-remembered'), firstEvent(worker, 'delivery.acked')]
      await worker.start()
      await new Producer(rabbit, tasks).send({ n: 1 }, { messageId: 'one' })
      expect(await told).toMatchObject({ messageId: 'one', attempt: 1, error: { message: `${call} is down` } })
      expect(await acked).toMatchObject({ messageId: 'one', attempt: call === 'done' ? 1 : 2 })
      await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
    },
  )
})

test('an ephemeral subscriber, whose queue is gone before what is postponed comes back, is refused one', ({
  rabbit,
}) => {
  const events = fanoutExchange('events', { payload: tasks.payload })
  const deduplicate = { store: new MemoryDeduplicationStore(), ttlMs: 60_000 }
  // @ts-expect-error it is for durable ones
  const make = (): unknown => new Subscriber(rabbit, events, () => undefined, { deduplicate })
  expect(make).toThrow(
    new OptionsError('Subscriber: deduplicate is only for durable subscribers: use a subscription()'),
  )
})
