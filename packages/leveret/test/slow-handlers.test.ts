import { describe, expect } from 'vitest'
import { DeadLetters, Producer, Worker, workQueue } from '../src/index.js'
import { eventually, firstEvent, gate, tasks, test } from './support.js'
import { forbidSurprises } from './surprises.js'

forbidSurprises()

const NEVER = new Promise<never>(() => undefined)
const once = workQueue('tasks', { payload: tasks.payload, retry: { delaysMs: [50] } })
const SOON = { timeoutMs: 20_000 }

/** As a handler does that computes. */
function block(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

describe('a handler', () => {
  test('that never ends fails each attempt when its time is up, and gives its slot back', async ({ rabbit }) => {
    const ended: unknown[] = []
    const worker = new Worker(rabbit, once, ({ n }) => (n === 1 ? NEVER : undefined), {
      concurrency: 1,
      handlerTimeoutMs: 100,
    })
    for (const how of ['retried', 'dead-lettered', 'acked'] as const) {
      worker.on(`delivery.${how}`, ({ attempt }) => ended.push([how, attempt]))
    }
    await worker.start()
    const producer = new Producer(rabbit, once)
    const { messageId } = await producer.send({ n: 1 })
    const first = [
      ['retried', 1],
      ['dead-lettered', 2],
    ]
    await eventually(() => expect(ended).toEqual(first))
    await producer.send({ n: 2 })
    await eventually(() => expect(ended).toEqual([...first, ['acked', 1]]))
    expect(rabbit.health().roles).toContainEqual(expect.objectContaining({ role: 'worker', ready: true, inFlight: 0 }))
    expect(await new DeadLetters(rabbit, once).peek()).toMatchObject([
      { messageId, reason: 'attempts-exhausted', attempts: 2, error: { name: 'HandlerTimeout' } },
    ])
  })

  test('that rejects when its time has been up for long changes nothing any more', async ({ rabbit, vhost }) => {
    const hold = gate()
    const handler = async (_task: unknown, { attempt }: { attempt: number }): Promise<void> => {
      if (attempt > 1) return
      await hold.opened
      throw new Error('too late')
    }
    const worker = new Worker(rabbit, tasks, handler, { handlerTimeoutMs: 100 })
    const retries: string[] = []
    worker.on('delivery.retried', ({ failure }) => retries.push(failure.name))
    const acked = firstEvent(worker, 'delivery.acked')
    const late = firstEvent(worker, 'handler.late')
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 })
    expect(await acked).toMatchObject({ attempt: 2 })
    hold.open()
    expect(await late).toMatchObject({ attempt: 1 })
    expect(retries).toEqual(['HandlerTimeout'])
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0, consumers: 1 }))
  })
})

describe('an event loop that stands still for longer than the broker waits', () => {
  test('costs the connections and no task: what was in hand comes again, and stale acks are not sent', async ({
    connectTo,
    vhost,
  }) => {
    const rabbit = await connectTo({ heartbeatMs: 1_000 })
    const losses: unknown[] = []
    const attempts: [n: number, attempt: number, redelivered: boolean][] = []
    const lost = gate()
    const worker = new Worker(rabbit, tasks, async ({ n }, { attempt, redelivered }) => {
      attempts.push([n, attempt, redelivered])
      if (redelivered) return
      if (n === 1) block(6_000)
      await lost.opened
    })
    worker.on('channel.lost', ({ reason }) => {
      losses.push(reason)
      lost.open()
    })
    const stale: unknown[] = []
    worker.on('delivery.stale', ({ messageId }) => stale.push(messageId))
    const acked: unknown[] = []
    worker.on('delivery.acked', ({ messageId }) => acked.push(messageId))
    await worker.start()
    const producer = new Producer(rabbit, tasks)
    const quiet = await producer.send({ n: 2 })
    const blocking = await producer.send({ n: 1 })
    await eventually(() => expect(new Set(acked)).toEqual(new Set([quiet.messageId, blocking.messageId])), SOON)
    expect(new Set(stale)).toEqual(new Set([quiet.messageId, blocking.messageId]))
    expect(attempts).toEqual(
      expect.arrayContaining([
        [1, 1, false],
        [1, 1, true],
        [2, 1, false],
        [2, 1, true],
      ]),
    )
    expect(attempts).toHaveLength(4)
    // A second loss would be a 406 over a tag of the first channel.
    expect(losses).toMatchObject([{ name: 'ConnectionError', reason: 'lost' }])
    await producer.send({ n: 3 })
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
    await eventually(async () => expect(await vhost.consumers()).toHaveLength(1))
    expect(rabbit.health()).toMatchObject({ ready: true })
  })
})
