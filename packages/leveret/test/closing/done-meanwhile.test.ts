import { expect } from 'vitest'
import { Producer, Worker, workQueue } from '../../src/index.js'
import { eventually, firstEvent, gate, tasks, test } from '../support/support.js'

test.for(['quorum', 'classic'] as const)(
  'a task that comes back while its handler still runs, and is done when it gets its slot, is not handled again (%s queue)',
  async (type, { connectTo, proxy, vhost }) => {
    const contract = workQueue('tasks', { payload: tasks.payload, queue: { type } })
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const { opened, open } = gate()
    const begun: number[] = []
    const handler = async ({ n }: { n: number }): Promise<void> => {
      begun.push(n)
      await opened
    }
    const worker = new Worker(rabbit, contract, handler, { concurrency: 2, prefetch: 4 })
    await worker.start()
    const producer = new Producer(rabbit, contract)
    await producer.sendAll([{ n: 1 }, { n: 2 }])
    await eventually(() => expect(begun.toSorted()).toEqual([1, 2]))
    const recovered = firstEvent(worker, 'channel.recovered')
    proxy.reset()
    await recovered
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages_unacknowledged: 2 }))
    // What was done is known also when it is lost once more.
    const again = firstEvent(worker, 'channel.recovered')
    proxy.reset()
    await again
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages_unacknowledged: 2 }))
    const skipped: unknown[] = []
    worker.on('delivery.skipped', (event) => skipped.push(event))
    open()
    await eventually(() => expect(skipped).toHaveLength(2))
    expect(begun.toSorted()).toEqual([1, 2])
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
  },
)
