import { startFaultProxy } from '@leveret/testing'
import { expect } from 'vitest'
import { Producer, Worker, workQueue } from '../../../src/index.js'
import { range } from '../../support/journal.js'
import { eventually, gate, tasks, test } from '../../support/support.js'

const MESSAGES = 24
const inOrder = range(0, MESSAGES - 1)

const cases = [
  { type: 'classic', prefetches: [16, 8], order: inOrder, what: 'keeps' },
  { type: 'quorum', prefetches: [8, 8], order: inOrder, what: 'keeps' },
  { type: 'quorum', prefetches: [8, 16], order: inOrder, what: 'keeps' },
  // RabbitMQ puts what comes back behind what came back before: docs/limits.md tells of it.
  {
    type: 'quorum',
    prefetches: [16, 8],
    order: [...range(8, 15), ...range(0, 7), ...range(16, MESSAGES - 1)],
    what: 'does not keep',
  },
] as const

test.for(cases)(
  'a $type queue with a single active consumer $what the order when workers with prefetches of $prefetches are lost one after the other',
  async ({ type, prefetches, order }, { connectTo, rabbit, vhost }) => {
    const contract = workQueue('ordered', { payload: tasks.payload, queue: { type, singleActive: true }, retry: false })
    await new Producer(rabbit, contract).sendAll(inOrder.map((n) => ({ n })))
    const hold = gate()
    for (const prefetch of prefetches) {
      await using proxy = await startFaultProxy({ to: vhost.url })
      const worker = new Worker(await connectTo({}, proxy.urlFor(vhost.url)), contract, () => hold.opened, {
        concurrency: 1,
        prefetch,
      })
      await worker.start()
      await eventually(async () =>
        expect(await vhost.queue('ordered')).toMatchObject({ messages_unacknowledged: prefetch }),
      )
    }
    // Both are lost, each behind a proxy that is gone.
    const begun: number[] = []
    await new Worker(rabbit, contract, ({ n }) => void begun.push(n), { concurrency: 1 }).start()
    await eventually(() => expect(begun).toHaveLength(MESSAGES))
    expect(begun).toEqual(order)
    hold.open()
  },
)
