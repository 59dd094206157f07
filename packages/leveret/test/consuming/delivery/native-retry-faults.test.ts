import { describe, expect, onTestFinished } from 'vitest'
import { connect, DeadLetters, type Delivery, Producer, Worker, workQueue } from '../../../src/index.js'
import { eventually, firstEvent, gate, tasks, nativeTest as test } from '../../support/support.js'

const CLOCK_MS = 5
const native = workQueue('tasks', {
  payload: tasks.payload,
  retry: { native: { minMs: 300, maxMs: 1_000, attempts: 3 } },
})

describe('a lost connection', () => {
  test('is a failed attempt of every task that was held, begun or not, and followed by the same pause', async ({
    connectTo,
    proxy,
    vhost,
  }) => {
    // Longer than a reconnect takes.
    const pauseMs = 2_000
    const slow = workQueue('tasks', {
      payload: tasks.payload,
      retry: { native: { minMs: pauseMs, maxMs: pauseMs, attempts: 3 } },
    })
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const begun = gate()
    const seen: [n: number, attempt: number, at: number][] = []
    const handler = async ({ n }: { n: number }, { attempt, signal }: Delivery): Promise<void> => {
      seen.push([n, attempt, performance.now()])
      begun.open()
      if (attempt === 1) await new Promise((resolve) => signal.addEventListener('abort', resolve))
    }
    const worker = new Worker(rabbit, slow, handler, { concurrency: 1, prefetch: 2 })
    await worker.start()
    await new Producer(rabbit, slow).sendAll([{ n: 1 }, { n: 2 }])
    await begun.opened
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages_unacknowledged: 2 }))
    const cutAt = performance.now()
    proxy.reset()
    await eventually(() =>
      expect(seen.map(([n, attempt]) => [n, attempt])).toEqual(
        expect.arrayContaining([
          [1, 2],
          [2, 2],
        ]),
      ),
    )
    expect(seen).toHaveLength(3)
    for (const [, , at] of seen.slice(1)) expect(at - cutAt).toBeGreaterThanOrEqual(pauseMs - CLOCK_MS)
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
  })

  test('in the last attempt makes RabbitMQ itself keep the task as a dead letter', async ({
    connectTo,
    proxy,
    vhost,
    rabbit: steady,
  }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const attempts: number[] = []
    const worker = new Worker(rabbit, native, async (_task, { attempt, signal }) => {
      attempts.push(attempt)
      if (attempt < 3) throw new Error('no')
      proxy.reset()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    })
    await worker.start()
    const { messageId } = await new Producer(steady, native).send({ n: 1 })
    const letters = new DeadLetters(steady, native)
    await eventually(async () => expect(await letters.count()).toBe(1))
    expect(await letters.peek()).toMatchObject([{ messageId, reason: 'delivery-limit', queue: 'tasks' }])
    expect(attempts).toEqual([1, 2, 3])
  })
})

test('a task that waits for its next attempt survives a kill of the broker, and still waits', async ({
  startBroker,
}) => {
  const broker = await startBroker()
  const rabbit = await connect(broker.url)
  onTestFinished(async () => await rabbit.close({ timeoutMs: 2_000 }))
  const patient = workQueue('tasks', {
    payload: tasks.payload,
    retry: { native: { minMs: 15_000, maxMs: 15_000, attempts: 3 } },
  })
  const began: number[] = []
  const worker = new Worker(rabbit, patient, (_task, { attempt }) => {
    began.push(performance.now())
    if (attempt === 1) throw new Error('once')
  })
  const acked = firstEvent(worker, 'delivery.acked')
  await worker.start()
  // In order first: of a queue declared less than a second before a kill, RabbitMQ forgets all messages.
  await broker.restart()
  const { messageId } = await new Producer(rabbit, patient).send({ n: 1 })
  await eventually(async () =>
    expect(await broker.management.queue('/', 'tasks')).toMatchObject({ messages_delayed: 1 }),
  )
  await broker.kill()
  await broker.start()
  expect(await acked).toMatchObject({ messageId, attempt: 2 })
  const [first = 0, second = 0] = began
  expect(second - first).toBeGreaterThanOrEqual(15_000 - CLOCK_MS)
}, 120_000)
