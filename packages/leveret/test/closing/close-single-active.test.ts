import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { Producer, Worker, workQueue } from '../../src/index.js'
import { eventually, tasks, test } from '../support/support.js'

const MESSAGES = 6

test.for(['quorum', 'classic'] as const)(
  'a single active consumer that closes before its handler has ended gives each delivery back once, and the next one has all in order (%s)',
  async (type, { rabbit, vhost }) => {
    const contract = workQueue('ordered', { payload: tasks.payload, queue: { type, singleActive: true }, retry: false })
    const backs: (string | undefined)[] = []
    const first = new Worker(rabbit, contract, () => delay(2_500), { concurrency: 1, prefetch: 4 })
    first.on('delivery.given-back', ({ messageId }) => backs.push(messageId))
    await first.start()
    const numbers = Array.from({ length: MESSAGES }, (_, n) => n)
    const producer = new Producer(rabbit, contract)
    for (const n of numbers) await producer.send({ n }, { messageId: `m${n}` })
    await eventually(async () => expect(await vhost.queue('ordered')).toMatchObject({ messages_unacknowledged: 4 }))
    await first.close({ timeoutMs: 1_500 })
    expect(backs.toSorted()).toEqual([...new Set(backs)].toSorted())

    const seen: [number, number | undefined][] = []
    const second = new Worker(rabbit, contract, ({ n }, { deliveryCount }) => void seen.push([n, deliveryCount ?? 0]), {
      concurrency: 1,
    })
    await second.start()
    await eventually(() => expect(seen).toHaveLength(MESSAGES))
    expect(seen.map(([n]) => n)).toEqual(numbers)
    // Before RabbitMQ 4.3 each return counts towards the limit of the queue.
    for (const [, count] of seen) expect(count).toBeLessThanOrEqual(1)
  },
)
