import { expect } from 'vitest'
import { z } from 'zod'
import {
  DeadLetters,
  fanoutExchange,
  Producer,
  Publisher,
  Reject,
  Subscriber,
  Worker,
  workQueue,
} from '../../src/index.js'
import { eventually, firstEvent, test } from '../support/support.js'

test('a task without a payload is handled, kept as a dead letter and replayed without one', async ({ rabbit }) => {
  const wake = workQueue('wake', { payload: z.void() })
  const seen: unknown[] = []
  const worker = new Worker(rabbit, wake, (payload) => {
    seen.push(payload)
    if (seen.length === 1) throw new Reject('not yet')
  })
  const died = firstEvent(worker, 'delivery.dead-lettered')
  await worker.start()
  await new Producer(rabbit, wake).send(undefined)
  await died
  const letters = new DeadLetters(rabbit, wake)
  const [letter] = await letters.peek()
  expect(await letter?.payload()).toBeUndefined()
  expect(await letters.replay()).toMatchObject({ replayed: 1 })
  await eventually(() => expect(seen).toEqual([undefined, undefined]))
})

test('an event without a payload comes without one', async ({ rabbit }) => {
  const ticks = fanoutExchange('ticks', { payload: z.undefined() })
  const seen: unknown[] = []
  await new Subscriber(rabbit, ticks, ({ payload }) => void seen.push(payload)).start()
  await new Publisher(rabbit, ticks).publish(undefined)
  await eventually(() => expect(seen).toEqual([undefined]))
})

test('a task without content is an invalid payload where the contract wants one', async ({ rabbit, broker, vhost }) => {
  const orders = workQueue('orders', { payload: z.object({ id: z.int() }) })
  const worker = new Worker(rabbit, orders, () => undefined)
  const died = firstEvent(worker, 'delivery.dead-lettered')
  await worker.start()
  await broker.management.publish(vhost.name, { routingKey: 'orders', payload: '' })
  expect(await died).toMatchObject({ reason: 'invalid-payload' })
})
