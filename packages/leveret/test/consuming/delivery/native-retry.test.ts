import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  DeadLetters,
  type Delivery,
  Producer,
  policyOf,
  Reject,
  Retry,
  text,
  Worker,
  type WorkQueue,
  type WorkQueueOptions,
  workQueue,
} from '../../../src/index.js'
import { eventually, firstEvent, gate, nativeTest as test } from '../../support/support.js'

/** RabbitMQ counts whole milliseconds, and so may ours end in another one. */
const CLOCK_MS = 5
const payload = z.object({ n: z.int() })

function nativeQueue(
  native: { minMs: number; maxMs: number; attempts: number },
  options: Partial<WorkQueueOptions<typeof payload>> = {},
): WorkQueue<typeof payload> {
  return workQueue('tasks', { payload, retry: { native }, ...options })
}

const quick = nativeQueue({ minMs: 200, maxMs: 500, attempts: 4 })

describe('a failed attempt', () => {
  test('is made again after growing pauses, and after the last one kept with its error', async ({ rabbit, vhost }) => {
    const began: number[] = []
    const attempts: [number, number | undefined][] = []
    const afterMs: number[] = []
    const worker = new Worker(rabbit, quick, (_task, { attempt, deliveryCount }) => {
      began.push(performance.now())
      attempts.push([attempt, deliveryCount])
      throw new TypeError(`no ${attempt}`)
    })
    worker.on('delivery.retried', (event) => afterMs.push(event.afterMs))
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    const { messageId } = await new Producer(rabbit, quick).send({ n: 1 }, { headers: { tenant: 't1' } })
    const failure = { name: 'TypeError', message: 'no 4' }
    expect(await dead).toMatchObject({ messageId, attempt: 4, reason: 'attempts-exhausted', failure })

    expect(attempts).toEqual([
      [1, undefined],
      [2, 1],
      [3, 2],
      [4, 3],
    ])
    expect(afterMs).toEqual([200, 400, 500])
    const pauses = began.slice(1).map((at, index) => at - (began[index] ?? 0))
    for (const [index, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual((afterMs[index] ?? Number.POSITIVE_INFINITY) - CLOCK_MS)
    }
    const letters = new DeadLetters(rabbit, quick)
    await eventually(async () => expect(await letters.count()).toBe(1))
    expect(await letters.peek()).toMatchObject([
      { messageId, reason: 'attempts-exhausted', attempts: 4, error: failure, headers: { tenant: 't1' } },
    ])
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
    expect((await vhost.queues()).map(({ name }) => name).sort()).toEqual(['tasks', 'tasks.dead-letter'])
  })

  test('succeeds in the end when the handler does', async ({ rabbit, vhost }) => {
    const worker = new Worker(rabbit, quick, (_task, { attempt }) => {
      if (attempt < 3) throw new Error('not yet')
    })
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    const { messageId } = await new Producer(rabbit, quick).send({ n: 1 })
    expect(await acked).toMatchObject({ messageId, attempt: 3 })
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
  })

  test('holds up no other task while it waits', async ({ rabbit, vhost }) => {
    const slow = nativeQueue({ minMs: 600_000, maxMs: 600_000, attempts: 2 })
    const seen: number[] = []
    const handler = ({ n }: { n: number }): void => {
      if (n === 0) throw new Error('later')
      seen.push(n)
    }
    const worker = new Worker(rabbit, slow, handler, { concurrency: 1 })
    await worker.start()
    const numbers = Array.from({ length: 30 }, (_, n) => n)
    await new Producer(rabbit, slow).sendAll(numbers.map((n) => ({ n })))
    await eventually(() => expect(seen).toEqual(numbers.slice(1)))
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 1 }))
  })

  test('cannot choose its pause, and may be the last at once', async ({ rabbit }) => {
    const worker = new Worker(rabbit, quick, ({ n }, { attempt }) => {
      if (n === 1 && attempt === 1) throw new Retry({ afterMs: 60_000 })
      if (n === 2) throw new Reject('not ours')
    })
    const retried = firstEvent(worker, 'delivery.retried')
    const acked = firstEvent(worker, 'delivery.acked')
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    await new Producer(rabbit, quick).sendAll([{ n: 1 }, { n: 2 }])
    expect(await retried).toMatchObject({ attempt: 1, afterMs: 200, failure: { name: 'Retry' } })
    expect(await acked).toMatchObject({ attempt: 2 })
    expect(await dead).toMatchObject({ attempt: 1, reason: 'rejected', failure: { message: 'not ours' } })
  })

  test("may be of an invalid payload, with onInvalid: 'retry'", async ({ rabbit }) => {
    const strict = nativeQueue({ minMs: 50, maxMs: 50, attempts: 2 }, { onInvalid: 'retry' })
    const worker = new Worker(rabbit, strict, () => undefined)
    const retried = firstEvent(worker, 'delivery.retried')
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    const { retry, queue } = strict
    const anything = workQueue('tasks', { payload: z.string(), codec: { ...text, contentType: '' }, retry, queue })
    await new Producer(rabbit, anything).send('{')
    expect(await retried).toMatchObject({ attempt: 1, failure: { name: 'PayloadError' } })
    expect(await dead).toMatchObject({ attempt: 2, reason: 'invalid-payload' })
  })
})

describe('the first attempt is 1', () => {
  test('of a task that was replayed', async ({ rabbit }) => {
    const seen: number[] = []
    const worker = new Worker(rabbit, quick, (_task, { attempt, headers }) => {
      seen.push(attempt)
      if (headers['leveret-replays'] === undefined) throw new Error('broken')
    })
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    const { messageId } = await new Producer(rabbit, quick).send({ n: 1 })
    await dead
    const acked = firstEvent(worker, 'delivery.acked')
    const letters = new DeadLetters(rabbit, quick)
    await eventually(async () => expect(await letters.replay()).toEqual({ replayed: 1, skipped: 0 }))
    expect(await acked).toMatchObject({ messageId, attempt: 1 })
    expect(seen).toEqual([1, 2, 3, 4, 1])
  })

  test('of a task that was delayed, and of one that RabbitMQ has counted elsewhere', async ({
    rabbit,
    vhost,
    broker,
  }) => {
    const seen = new Map<number, number>()
    await new Worker(rabbit, quick, ({ n }, { attempt }) => void seen.set(n, attempt)).start()
    await new Producer(rabbit, quick).send({ n: 1 }, { delayMs: 1_000 })
    const headers = { 'x-delivery-count': 15 }
    await broker.management.publish(vhost.name, { routingKey: 'tasks', payload: '{"n":2}', properties: { headers } })
    await eventually(() => expect(seen).toEqual(new Map([1, 2].map((n) => [n, 1]))))
  })

  test('of a task that a closing worker gave back before it had begun', async ({ rabbit, connectTo }) => {
    const hold = gate()
    const begun = gate()
    const handler = async (): Promise<void> => {
      begun.open()
      await hold.opened
    }
    const first = new Worker(rabbit, quick, handler, { concurrency: 1, prefetch: 10 })
    await first.start()
    await new Producer(rabbit, quick).sendAll([{ n: 1 }, { n: 2 }, { n: 3 }])
    await begun.opened
    const closing = first.close()
    const seen: Pick<Delivery, 'attempt' | 'redelivered'>[] = []
    const second = new Worker(await connectTo(), quick, (_task, { attempt, redelivered }) => {
      seen.push({ attempt, redelivered })
    })
    await second.start()
    const back = { attempt: 1, redelivered: true }
    await eventually(() => expect(seen).toEqual([back, back]))
    hold.open()
    await closing
  })
})

test('with its settings in a policy it works as soon as that is set', async ({ rabbit, vhost, broker }) => {
  const policed = nativeQueue({ minMs: 300, maxMs: 300, attempts: 2 }, { queue: { settings: 'policy' } })
  await new Producer(rabbit, policed).send({ n: 1 })
  const { name, ...policy } = policyOf(policed)
  await broker.management.setPolicy(vhost.name, name, policy)
  await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ policy: name }))
  const began: number[] = []
  const worker = new Worker(rabbit, policed, () => {
    began.push(performance.now())
    throw new Error('no')
  })
  const dead = firstEvent(worker, 'delivery.dead-lettered')
  await worker.start()
  expect(await dead).toMatchObject({ attempt: 2, reason: 'attempts-exhausted' })
  const [first = 0, second = 0] = began
  expect(second - first).toBeGreaterThanOrEqual(300 - CLOCK_MS)
})

test("with topology: 'check' a queue that counts nothing brings a failed task back once, not without end", async ({
  connectTo,
  vhost,
  broker,
}) => {
  for (const name of ['tasks', 'tasks.dead-letter']) await broker.management.declareQueue(vhost.name, name)
  const rabbit = await connectTo({ topology: 'check' })
  let handled = 0
  const worker = new Worker(rabbit, quick, () => {
    handled += 1
    throw new Error('no')
  })
  const dead = firstEvent(worker, 'delivery.dead-lettered')
  await worker.start()
  await new Producer(rabbit, quick).send({ n: 1 })
  expect(await dead).toMatchObject({
    reason: 'retry-impossible',
    failure: { message: expect.stringContaining("'tasks' does not count deliveries") },
  })
  expect(handled).toBe(2)
})
