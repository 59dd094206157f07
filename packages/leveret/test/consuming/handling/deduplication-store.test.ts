import { describe, expect } from 'vitest'
import { type DeduplicationStore, Producer } from '../../../src/index.js'
import { once, storeWith, workerOf } from '../../support/remembering.js'
import { eventually, firstEvent, gate, test } from '../../support/support.js'
import { forbidSurprises } from '../../support/surprises.js'

forbidSurprises()

const forever = (): Promise<never> => new Promise(() => undefined)

describe('a store that hangs', () => {
  test('at done does not turn a success into a failed attempt: it is reported, and the task is acknowledged', async ({
    rabbit,
    vhost,
  }) => {
    const worker = workerOf(rabbit, () => undefined, storeWith({ done: forever }), { handlerTimeoutMs: 200 })
    const [told, ended] = [
      firstEvent(worker, 'delivery.not-remembered'),
      Promise.race([firstEvent(worker, 'delivery.acked'), firstEvent(worker, 'delivery.dead-lettered')]),
    ]
    await worker.start()
    await new Producer(rabbit, once).send({ n: 1 }, { messageId: 'one' })
    expect(await ended).toMatchObject({ messageId: 'one', attempt: 1 })
    expect(await told).toMatchObject({ messageId: 'one', attempt: 1, error: expect.any(Error) })
    await eventually(async () => expect(await vhost.queue('once')).toMatchObject({ messages: 0 }))
  })

  test('at giveUp does not hold the failed task: it is reported, and the task is settled', async ({ rabbit }) => {
    const failing = (): never => {
      throw new Error('no')
    }
    const worker = workerOf(rabbit, failing, storeWith({ giveUp: forever }), { handlerTimeoutMs: 100 })
    const [told, dead] = [firstEvent(worker, 'delivery.not-remembered'), firstEvent(worker, 'delivery.dead-lettered')]
    await worker.start()
    await new Producer(rabbit, once).send({ n: 1 }, { messageId: 'one' })
    expect(await dead).toMatchObject({ messageId: 'one', failure: { message: 'no' } })
    expect(await told).toMatchObject({ messageId: 'one', error: expect.any(Error) })
  })

  test('at begin until the time of the attempt is up begins no handler, and holds the key no longer', async ({
    rabbit,
  }) => {
    const held = gate()
    const asked = gate()
    let isSlow = true
    const store = storeWith({
      begin: async (...args: Parameters<DeduplicationStore['begin']>) => {
        asked.open()
        if (isSlow) await held.opened
        return await store.memory.begin(...args)
      },
    })
    const begun: number[] = []
    const worker = workerOf(rabbit, ({ n }) => begun.push(n), store, { handlerTimeoutMs: 100 })
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    const postponed: unknown[] = []
    worker.on('delivery.postponed', (event) => postponed.push(event))
    await worker.start()
    const producer = new Producer(rabbit, once)
    await producer.send({ n: 1 }, { messageId: 'one' })
    expect(await dead).toMatchObject({ messageId: 'one', failure: { name: 'HandlerTimeout' } })
    isSlow = false
    held.open()
    // The key was taken too late, and is free again.
    const ended = Promise.race([firstEvent(worker, 'delivery.acked'), firstEvent(worker, 'delivery.skipped')])
    await producer.send({ n: 2 }, { messageId: 'one' })
    expect(await ended).toMatchObject({ messageId: 'one' })
    expect(begun).toEqual([2])
    expect(postponed).toEqual([])
  })
})

test.for(['NEW', true, undefined, null, 1])(
  'an invalid answer of the store (%s) fails the attempt, and says so',
  async (answer, { rabbit }) => {
    const seen: number[] = []
    const worker = workerOf(rabbit, ({ n }) => seen.push(n), storeWith({ begin: () => answer }))
    const ended = Promise.race([firstEvent(worker, 'delivery.dead-lettered'), firstEvent(worker, 'delivery.postponed')])
    await worker.start()
    await new Producer(rabbit, once).send({ n: 1 }, { messageId: 'one' })
    expect(await ended).toMatchObject({
      reason: 'attempts-exhausted',
      failure: { message: expect.stringContaining("expected 'new', 'in-progress' or 'done'") },
    })
    expect(seen).toEqual([])
  },
)
