import { describe, expect } from 'vitest'
import { z } from 'zod'
import { type Connection, type Delivery, Producer, Worker, workQueue } from '../../src/index.js'
import { stranger } from '../support/stranger.js'
import { eventually, test } from '../support/support.js'

const patient = workQueue('tasks', { payload: z.object({ n: z.int() }), retry: { delaysMs: [20, 20] } })
const LETTERS = 'tasks.dead-letter'

describe('a letter that is moved back to its work queue by hand', () => {
  test('begins at attempt 1, fails as often as any other, and is a letter again', async ({ rabbit, vhost }) => {
    const attempts: number[] = []
    const fail = (_task: unknown, { attempt }: Delivery): Promise<void> => {
      attempts.push(attempt)
      return Promise.reject(new Error('not yet'))
    }
    const worker = new Worker(rabbit, patient, fail)
    await worker.start()
    await new Producer(rabbit, patient).send({ n: 1 }, { messageId: 'm1' })
    await moveByHand(vhost.url)
    await using other = await stranger(vhost.url)
    await eventually(async () => {
      expect(attempts).toEqual([1, 2, 3, 1, 2, 3])
      expect((await other.channel.checkQueue(LETTERS)).messageCount).toBe(1)
    })
  })

  test('begins at attempt 1 too when RabbitMQ itself had given up a later attempt', async ({ rabbit, vhost }) => {
    await failOnce(rabbit)
    await using other = await stranger(vhost.url)
    // The second attempt is rejected by a program that is not leveret, so RabbitMQ dead-letters it.
    await eventually(async () => {
      const message = await other.channel.get('tasks')
      if (message !== false) other.channel.nack(message, false, false)
      expect(message).not.toBe(false)
    })
    await moveByHand(vhost.url)
    const attempt = await new Promise((resolve) => {
      void new Worker(rabbit, patient, (_task, delivery) => resolve(delivery.attempt)).start()
    })
    expect(attempt).toBe(1)
  })
})

/** Leaves one task that waits for its second attempt. */
async function failOnce(rabbit: Connection): Promise<void> {
  const worker = new Worker(rabbit, patient, () => Promise.reject(new Error('not yet')))
  const retried = new Promise((resolve) => worker.on('delivery.retried', resolve))
  await worker.start()
  await new Producer(rabbit, patient).send({ n: 1 }, { messageId: 'm1' })
  await retried
  await worker.close()
}

/** What the management UI's "move messages" does: takes a letter with its headers, and publishes it to its work queue. */
async function moveByHand(url: string): Promise<void> {
  await using other = await stranger(url)
  await eventually(async () => {
    const letter = await other.channel.get(LETTERS)
    if (letter === false) throw new Error('There is no letter yet.')
    other.channel.sendToQueue('tasks', letter.content, letter.properties as object)
    await other.channel.waitForConfirms()
    other.channel.ack(letter)
    // An answer says that the ack has been read: closing a connection loses what amqplib still holds.
    await other.channel.checkQueue(LETTERS)
  })
}
