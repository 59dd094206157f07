import { describe, expect } from 'vitest'
import { z } from 'zod'
import { bytes, DeadLetters, Producer, Worker, workQueue } from '../../src/index.js'
import { eventually, firstEvent, test } from '../support/support.js'

const retry = { delaysMs: [100, 200] }
const strict = workQueue('orders', { payload: z.object({ total: z.int() }), retry })
const lenient = workQueue('orders', { payload: z.object({ total: z.int() }), retry, onInvalid: 'retry' })
/** For sending any bytes, without a word about what they are. */
const raw = workQueue('orders', { payload: z.instanceof(Uint8Array), codec: { ...bytes, contentType: '' }, retry })

const NOT_INT = Buffer.from('{"total":"7"}')
const NOT_JSON = Buffer.from('{')

describe.for([
  ['the schema', NOT_INT],
  ['the codec', NOT_JSON],
] as const)('a received payload that %s refuses', ([, content]) => {
  test('is a dead letter at once', async ({ rabbit }) => {
    const handled: number[] = []
    const worker = new Worker(rabbit, strict, ({ total }) => void handled.push(total))
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    await new Producer(rabbit, raw).send(content)
    expect(await dead).toMatchObject({ attempt: 1, reason: 'invalid-payload', failure: { name: 'PayloadError' } })
    expect(handled).toEqual([])
  })

  test("is tried again with onInvalid: 'retry', and after the last attempt kept as what it is", async ({ rabbit }) => {
    const handled: number[] = []
    const failed: number[] = []
    const worker = new Worker(rabbit, lenient, ({ total }) => void handled.push(total))
    worker.on('delivery.retried', ({ attempt }) => failed.push(attempt))
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    await new Producer(rabbit, raw).send(content)
    expect(await dead).toMatchObject({ attempt: 3, reason: 'invalid-payload', failure: { name: 'PayloadError' } })
    expect(failed).toEqual([1, 2])
    expect(handled).toEqual([])
    const letters = new DeadLetters(rabbit, raw)
    await eventually(async () => expect(await letters.peek()).toMatchObject([{ attempts: 3, content }]))
  })
})

test("with onInvalid: 'retry' a worker that is deployed meanwhile gets what the one before it could not read", async ({
  rabbit,
}) => {
  const patient = { retry: { delaysMs: Array.from({ length: 20 }, () => 300) }, onInvalid: 'retry' } as const
  const old = new Worker(rabbit, workQueue('orders', { payload: lenient.payload, ...patient }), () => undefined)
  const retried = firstEvent(old, 'delivery.retried')
  await old.start()
  const { messageId } = await new Producer(rabbit, raw).send(NOT_INT)
  await retried
  await old.close()

  const next = workQueue('orders', { payload: z.object({ total: z.coerce.number() }), ...patient })
  const totals: number[] = []
  const worker = new Worker(rabbit, next, ({ total }) => void totals.push(total))
  const acked = firstEvent(worker, 'delivery.acked')
  await worker.start()
  expect(await acked).toMatchObject({ messageId, attempt: expect.toSatisfy((attempt: number) => attempt > 1) })
  expect(totals).toEqual([7])
})
