import { describe, expect } from 'vitest'
import { z } from 'zod'
import { Producer, Worker, workQueue } from '../../../src/index.js'
import { eventually, firstEvent, gate, test } from '../../support/support.js'

const payload = z.object({ n: z.int() })

describe('acks', () => {
  test.for(['quorum', 'classic'] as const)(
    'of handlers that end together with close are not lost (%s)',
    async (type, { rabbit, vhost }) => {
      const COUNT = 200
      for (let round = 1; round <= 6; round += 1) {
        const queue = workQueue(`round-${round}`, { payload, queue: { type } })
        const hold = gate()
        let running = 0
        let acked = 0
        const handler = async ({ n }: { n: number }): Promise<void> => {
          running += 1
          await hold.opened
          // Some end later than others, and out of their order.
          if (n % 3 === round % 3) await new Promise((resolve) => setTimeout(resolve, n % 7))
        }
        const worker = new Worker(rabbit, queue, handler, { concurrency: COUNT })
        worker.on('delivery.acked', () => {
          acked += 1
        })
        await worker.start()
        const producer = new Producer(rabbit, queue)
        await Promise.all(Array.from({ length: COUNT }, (_, n) => producer.send({ n })))
        await eventually(() => expect(running).toBe(COUNT))
        const closing = worker.close()
        await eventually(async () => expect(await vhost.consumers()).toEqual([]))
        hold.open()
        await closing
        expect(acked).toBe(COUNT)
        await producer.send({ n: -1 })
        // The one sent after the close is all there is.
        await eventually(async () =>
          expect(await vhost.queue(queue.name)).toMatchObject({ messages: 1, messages_unacknowledged: 0 }),
        )
      }
    },
  )

  test('gathered in frames settle every delivery once, whatever the order in which handlers end', async ({
    rabbit,
    vhost,
  }) => {
    const queue = workQueue('shuffled', { payload, retry: false })
    const losses: unknown[] = []
    const ended = { acked: 0, 'dead-lettered': 0 }
    const handler = async ({ n }: { n: number }): Promise<void> => {
      if (n % 5 !== 0) await new Promise((resolve) => setTimeout(resolve, (n * 7919) % 11))
      if (n % 17 === 0) throw new Error('every seventeenth')
    }
    const worker = new Worker(rabbit, queue, handler, { concurrency: 50, prefetch: 120 })
    worker.on('channel.lost', ({ reason }) => losses.push(reason))
    for (const how of ['acked', 'dead-lettered'] as const) {
      worker.on(`delivery.${how}`, () => {
        ended[how] += 1
      })
    }
    await worker.start()
    const producer = new Producer(rabbit, queue)
    await producer.sendAll(Array.from({ length: 3_400 }, (_, n) => ({ n })))
    await eventually(() => expect(ended).toEqual({ acked: 3_200, 'dead-lettered': 200 }))
    // A tag that is settled twice closes the channel with 406.
    expect(losses).toEqual([])
    await eventually(async () => expect(await vhost.queue('shuffled')).toMatchObject({ messages: 0 }))
    const sent = firstEvent(worker, 'delivery.acked')
    await producer.send({ n: 1 })
    await sent
  })
})
