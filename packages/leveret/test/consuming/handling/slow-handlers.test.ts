import { describe, expect } from 'vitest'
import { DeadLetters, Producer, Worker, workQueue } from '../../../src/index.js'
import { newMessageId } from '../../../src/message/message-id.js'
import { stranger } from '../../support/stranger.js'
import { eventually, firstEvent, gate, tasks, test } from '../../support/support.js'
import { forbidSurprises } from '../../support/surprises.js'

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
  test('costs the connections and no task: what is done is not done again, and the rest is', async ({
    connectTo,
    vhost,
  }) => {
    const rabbit = await connectTo({ heartbeatMs: 1_000 })
    const losses: unknown[] = []
    const attempts: [n: number, attempt: number, redelivered: boolean][] = []
    const worker = new Worker(rabbit, tasks, async ({ n }, { attempt, redelivered, signal }) => {
      attempts.push([n, attempt, redelivered])
      if (redelivered) return
      if (n === 1) block(6_000)
      // It stops half-way over the loss.
      if (n === 2) await new Promise((resolve) => signal.addEventListener('abort', resolve))
    })
    worker.on('channel.lost', ({ reason }) => losses.push(reason))
    const acked = firstEvent(worker, 'delivery.acked')
    const skipped = firstEvent(worker, 'delivery.skipped')
    await worker.start()
    const producer = new Producer(rabbit, tasks)
    const quiet = await producer.send({ n: 2 })
    await eventually(() => expect(attempts).toEqual([[2, 1, false]]))
    const blocking = await producer.send({ n: 1 })
    expect(await skipped).toMatchObject({ messageId: blocking.messageId })
    await eventually(() => expect(attempts).toHaveLength(3), SOON)
    expect(attempts).toEqual([
      [2, 1, false],
      [1, 1, false],
      [2, 1, true],
    ])
    expect([quiet.messageId, blocking.messageId]).toContain((await acked).messageId)
    // A second loss would be a 406 over a tag of the first channel.
    expect(losses).toMatchObject([{ name: 'ConnectionError', reason: 'lost' }])
    await producer.send({ n: 3 })
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
    await eventually(async () => expect(await vhost.consumers()).toHaveLength(1))
    expect(rabbit.health()).toMatchObject({ ready: true })
  })

  test('does not take a message of another program for one that is done, though both have one id', async ({
    connectTo,
    vhost,
  }) => {
    const rabbit = await connectTo({ heartbeatMs: 1_000 })
    const seen: number[] = []
    const worker = new Worker(rabbit, tasks, ({ n }) => {
      if (seen.push(n) === 1) block(6_000)
    })
    await using other = await stranger(vhost.url)
    const properties = { messageId: newMessageId(), contentType: 'application/json' }
    await worker.start()
    const send = (n: number): boolean => other.channel.sendToQueue('tasks', Buffer.from(`{"n":${n}}`), properties)
    send(1)
    await eventually(() => expect(seen).toEqual([1]), SOON)
    send(2)
    await eventually(() => expect(seen).toContain(2), SOON)
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }), SOON)
    expect(await vhost.queue('tasks.dead-letter')).toMatchObject({ messages: 0 })
  })
})
