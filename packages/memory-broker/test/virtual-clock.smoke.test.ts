import { startMemoryBroker } from '@leveret/memory-broker'
import { connect, DeadLetters, Producer, Worker, workQueue } from 'leveret'
import { expect, test } from 'vitest'
import { z } from 'zod'

const payload = z.object({ n: z.int() })

test('five attempts over 371 s pass without anybody waiting for them', async () => {
  await using broker = await startMemoryBroker({ clock: 'virtual' })
  await using rabbit = await connect(broker.url)
  const delaysMs = [1_000, 10_000, 60_000, 300_000]
  const thumbnails = workQueue('thumbnails', { payload, retry: { delaysMs } })
  const attempts: number[] = []
  const worker = new Worker(rabbit, thumbnails, (_task, { attempt }) => {
    attempts.push(attempt)
    throw new Error('disk full')
  })
  await worker.start()
  await new Producer(rabbit, thumbnails).send({ n: 1 })
  await broker.settled()
  expect(attempts).toEqual([1])
  await broker.advance({ seconds: 70 })
  expect(attempts).toEqual([1, 2, 3])
  await broker.advance({ seconds: 301 })
  expect(attempts).toEqual([1, 2, 3, 4, 5])
  expect(await new DeadLetters(rabbit, thumbnails).count()).toBe(1)
  expect(broker.log.toString()).toContain("dead-lettered  'thumbnails.retry.300000'")
})
