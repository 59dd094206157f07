import { expect } from 'vitest'
import {
  type Connection,
  type ManualDelivery,
  MemoryDeduplicationStore,
  Producer,
  type RoleHealth,
  Worker,
} from '../../../src/index.js'
import { eventually, firstEvent, gate, tasks, test } from '../../support/support.js'

function healthOf(rabbit: Connection): RoleHealth | undefined {
  return rabbit.health().roles.find(({ role }) => role === 'worker')
}

test('a handler that returned and left its delivery unsettled is not counted as one that hangs, nor as late when it is settled at last', async ({
  rabbit,
}) => {
  const held: ManualDelivery[] = []
  const handler = (_task: unknown, delivery: ManualDelivery): void => {
    if (delivery.attempt === 1) held.push(delivery)
    else void delivery.ack()
  }
  const worker = new Worker(rabbit, tasks, handler, { acknowledge: 'manual', handlerTimeoutMs: 50 })
  const late: unknown[] = []
  worker.on('handler.late', (event) => late.push(event))
  const acked = firstEvent(worker, 'delivery.acked')
  await worker.start()
  await new Producer(rabbit, tasks).send({ n: 1 })
  expect(await acked).toMatchObject({ attempt: 2 })
  await eventually(() => expect(healthOf(rabbit)).toMatchObject({ ready: true, inFlight: 0 }))
  expect(healthOf(rabbit)).toMatchObject({ hung: 0 })
  await held[0]?.ack()
  expect(late).toEqual([])
})

test('a handler that hangs after its decision is counted for as long as it runs, and reported once when it ends', async ({
  rabbit,
}) => {
  const { opened, open } = gate()
  const handler = async (_task: unknown, delivery: ManualDelivery): Promise<void> => {
    await delivery.ack()
    await opened
  }
  const worker = new Worker(rabbit, tasks, handler, { acknowledge: 'manual', handlerTimeoutMs: 50 })
  const late: unknown[] = []
  worker.on('handler.late', (event) => late.push(event))
  await worker.start()
  await new Producer(rabbit, tasks).send({ n: 1 }, { messageId: 'm1' })
  await eventually(() => expect(healthOf(rabbit)).toMatchObject({ inFlight: 0, hung: 1 }))
  open()
  await eventually(() => expect(healthOf(rabbit)).toMatchObject({ inFlight: 0, hung: 0 }))
  expect(late).toMatchObject([{ messageId: 'm1', attempt: 1 }])
})

test('a handler that was given up undecided is counted until it ends, also when it never decides', async ({
  rabbit,
}) => {
  const { opened, open } = gate()
  const handler = async (_task: unknown, delivery: ManualDelivery): Promise<void> => {
    if (delivery.attempt === 1) await opened
    else await delivery.ack()
  }
  const worker = new Worker(rabbit, tasks, handler, { acknowledge: 'manual', handlerTimeoutMs: 50 })
  const late: unknown[] = []
  worker.on('handler.late', (event) => late.push(event))
  const acked = firstEvent(worker, 'delivery.acked')
  await worker.start()
  await new Producer(rabbit, tasks).send({ n: 1 }, { messageId: 'm1' })
  await acked
  await eventually(() => expect(healthOf(rabbit)).toMatchObject({ inFlight: 0, hung: 1 }))
  open()
  await eventually(() => expect(healthOf(rabbit)).toMatchObject({ hung: 0 }))
  expect(late).toMatchObject([{ messageId: 'm1', attempt: 1 }])
})

test('with deduplication, too, a slot and close follow a handler that goes on after its ack', async ({ rabbit }) => {
  const { opened, open } = gate()
  const begun: number[] = []
  const handler = async ({ n }: { n: number }, delivery: ManualDelivery): Promise<void> => {
    begun.push(n)
    await delivery.ack()
    await opened
  }
  const deduplicate = { store: new MemoryDeduplicationStore(), ttlMs: 60_000 }
  const worker = new Worker(rabbit, tasks, handler, { acknowledge: 'manual', concurrency: 1, prefetch: 2, deduplicate })
  const acked = firstEvent(worker, 'delivery.acked')
  await worker.start()
  await new Producer(rabbit, tasks).sendAll([{ n: 1 }, { n: 2 }])
  await acked
  expect(healthOf(rabbit)).toMatchObject({ inFlight: 1 })
  let isClosed = false
  const closing = worker.close().then(() => {
    isClosed = true
  })
  // Whatever the broker had to say of the close has been said.
  await new Producer(rabbit, tasks).send({ n: 3 })
  expect({ begun, isClosed }).toEqual({ begun: [1], isClosed: false })
  open()
  await closing
  expect(begun).toEqual([1])
})
