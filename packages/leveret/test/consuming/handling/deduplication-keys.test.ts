import { describe, expect } from 'vitest'
import { type DeduplicationStore, MemoryDeduplicationStore, Producer, workQueue } from '../../../src/index.js'
import { type Handler, once, storeWith, workerOf } from '../../support/remembering.js'
import { eventually, firstEvent, gate, stable, tasks, test } from '../../support/support.js'
import { forbidSurprises } from '../../support/surprises.js'

forbidSurprises()

describe('a key', () => {
  test('that another attempt has done is not given up by an older one that fails late', async ({ rabbit }) => {
    const hold = gate()
    const attempts: number[] = []
    const contract = workQueue('once', { payload: tasks.payload, retry: { delaysMs: [100] } })
    const worker = workerOf(
      rabbit,
      async (_task, { attempt }) => {
        attempts.push(attempt)
        if (attempt > 1) return
        await hold.opened
        throw new Error('too late')
      },
      new MemoryDeduplicationStore(),
      { contract, handlerTimeoutMs: 100 },
    )
    const acked = firstEvent(worker, 'delivery.acked')
    const late = firstEvent(worker, 'handler.late')
    const skipped = firstEvent(worker, 'delivery.skipped')
    await worker.start()
    const producer = new Producer(rabbit, contract)
    await producer.send({ n: 1 }, { messageId: 'same' })
    expect(await acked).toMatchObject({ attempt: 2 })
    hold.open()
    await late
    const again = firstEvent(worker, 'delivery.retried')
    await producer.send({ n: 1 }, { messageId: 'same' })
    await Promise.race([skipped, again])
    expect(attempts).toEqual([1, 2])
  })

  test('stays with a handler that is late until it has ended, so that no second one runs beside it', async ({
    rabbit,
  }) => {
    const hold = gate()
    const contract = workQueue('once', { payload: tasks.payload, retry: { delaysMs: [100] } })
    let running = 0
    const most: number[] = []
    const worker = workerOf(
      rabbit,
      async (_task, { attempt }) => {
        running += 1
        most.push(running)
        if (attempt === 1) await hold.opened
        running -= 1
      },
      new MemoryDeduplicationStore(),
      { contract, handlerTimeoutMs: 100 },
    )
    const [retried, postponed] = [firstEvent(worker, 'delivery.retried'), firstEvent(worker, 'delivery.postponed')]
    const ended = Promise.race([firstEvent(worker, 'delivery.acked'), firstEvent(worker, 'delivery.skipped')])
    await worker.start()
    await new Producer(rabbit, contract).send({ n: 1 }, { messageId: 'same' })
    expect(await retried).toMatchObject({ failure: { name: 'HandlerTimeout' } })
    expect(await postponed).toMatchObject({ messageId: 'same', attempt: 2, afterMs: 5_000 })
    hold.open()
    expect(await ended).toMatchObject({ messageId: 'same', attempt: 2 })
    expect(Math.max(...most)).toBe(1)
  })

  test('of a handler that stopped because its connection was lost is given up: the task is handled again, not skipped', async ({
    rabbit: sender,
    connectTo,
    proxy,
    vhost,
  }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const begun = gate()
    let done = 0
    const handler: Handler = async (_task, { signal, redelivered }) => {
      begun.open()
      if (!redelivered) await new Promise((resolve) => signal.addEventListener('abort', resolve))
      if (!signal.aborted) done += 1
    }
    const worker = workerOf(rabbit, handler, new MemoryDeduplicationStore())
    const ended = Promise.race([firstEvent(worker, 'delivery.acked'), firstEvent(worker, 'delivery.skipped')])
    await worker.start()
    await stable()
    await new Producer(sender, once).send({ n: 1 })
    await begun.opened
    proxy.reset()
    await ended
    expect(done).toBe(1)
    await eventually(async () => expect(await vhost.queue('once')).toMatchObject({ messages: 0 }))
  })

  test('that the store may have taken before it failed is given up again', async ({ rabbit }) => {
    const contract = workQueue('once', { payload: tasks.payload, retry: { delaysMs: [100] } })
    let calls = 0
    const store = storeWith({
      begin: async (...args: Parameters<DeduplicationStore['begin']>) => {
        const state = await store.memory.begin(...args)
        calls += 1
        if (calls === 1) throw new Error('the answer was lost')
        return state
      },
    })
    const worker = workerOf(rabbit, () => undefined, store, { contract })
    const ended = Promise.race([
      firstEvent(worker, 'delivery.acked'),
      firstEvent(worker, 'delivery.postponed').then(() => 'postponed'),
    ])
    await worker.start()
    await new Producer(rabbit, contract).send({ n: 1 }, { messageId: 'one' })
    expect(await ended).toMatchObject({ messageId: 'one', attempt: 2 })
  })
})

describe("with acknowledge: 'none'", () => {
  test('a duplicate of a handled message is reported as skipped, and not as handled', async ({ rabbit, vhost }) => {
    const seen: number[] = []
    const acked: unknown[] = []
    const worker = workerOf(rabbit, ({ n }) => seen.push(n), new MemoryDeduplicationStore(), { acknowledge: 'none' })
    worker.on('delivery.acked', (event) => acked.push(event))
    const skipped: unknown[] = []
    worker.on('delivery.skipped', (event) => skipped.push(event))
    await worker.start()
    const producer = new Producer(rabbit, once)
    for (const n of [1, 2]) await producer.send({ n }, { messageId: 'same' })
    await eventually(() => expect(acked.length + skipped.length).toBe(2))
    expect(seen).toEqual([1])
    expect(skipped).toMatchObject([{ messageId: 'same', attempt: 1 }])
    await eventually(async () => expect(await vhost.queue('once')).toMatchObject({ messages: 0 }))
  })

  test('a duplicate of what is being handled waits, and is not lost when that fails', async ({ rabbit, vhost }) => {
    const hold = gate()
    const seen: number[] = []
    const handler: Handler = async ({ n }) => {
      seen.push(n)
      if (n === 2) return
      await hold.opened
      throw new Error('the first one fails')
    }
    const worker = workerOf(rabbit, handler, new MemoryDeduplicationStore(), { acknowledge: 'none' })
    const second = Promise.race([firstEvent(worker, 'delivery.postponed'), firstEvent(worker, 'delivery.acked')])
    const [dropped, acked] = [firstEvent(worker, 'delivery.dropped'), firstEvent(worker, 'delivery.acked')]
    await worker.start()
    const producer = new Producer(rabbit, once)
    for (const n of [1, 2]) await producer.send({ n }, { messageId: 'same' })
    expect(await second).toMatchObject({ messageId: 'same', attempt: 1, afterMs: 5_000 })
    hold.open()
    await dropped
    await acked
    expect(seen).toEqual([1, 2])
    await eventually(async () => expect(await vhost.queue('once')).toMatchObject({ messages: 0 }))
  })
})
