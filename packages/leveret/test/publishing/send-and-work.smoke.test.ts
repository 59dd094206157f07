import { describe, expect } from 'vitest'
import { z } from 'zod'
import { bytes, type Delivery, Producer, Reject, Retry, text, Worker, workQueue } from '../../src/index.js'
import { eventually, firstEvent, gate, tasks, test } from '../support/support.js'

describe('a task', () => {
  test('is confirmed, delivered once, and acknowledged when its handler returns', async ({ rabbit, vhost }) => {
    const handled: [number, Delivery][] = []
    const worker = new Worker(rabbit, tasks, ({ n }, delivery) => void handled.push([n, delivery]))
    await worker.start()

    const { messageId } = await new Producer(rabbit, tasks).send({ n: 7 })

    await eventually(() => expect(handled).toHaveLength(1))
    const [n, delivery] = handled[0] ?? expect.unreachable()
    expect(n).toBe(7)
    expect(delivery).toMatchObject({ messageId, attempt: 1, redelivered: false, exchange: '', routingKey: 'tasks' })
    expect(delivery.timestamp?.getTime()).toBeGreaterThan(Date.now() - 60_000)
    await worker.close()
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
  })

  test('arrives as the schema transforms it, and travels as it was given', async ({ rabbit }) => {
    const at = workQueue('dates', { payload: z.string().transform((text) => new Date(text)) })
    const seen: Date[] = []
    await new Worker(rabbit, at, (date) => void seen.push(date)).start()
    await new Producer(rabbit, at).send('2026-01-02')
    await eventually(() => expect(seen).toEqual([new Date('2026-01-02')]))
  })

  test.for([
    [text, z.string(), 'é日'],
    [bytes, z.instanceof(Uint8Array), Buffer.from([0, 1, 255])],
  ] as const)('may be text or bytes', async ([codec, payload, value], { rabbit }) => {
    const contract = workQueue('raw', { payload: payload as z.ZodType<unknown, unknown>, codec })
    const seen: unknown[] = []
    await new Worker(rabbit, contract, (received) => void seen.push(received)).start()
    await new Producer(rabbit, contract).send(value)
    await eventually(() => expect(seen).toEqual([value]))
  })

  test('carries its options', async ({ rabbit }) => {
    const seen: Delivery[] = []
    await new Worker(rabbit, tasks, (_task, delivery) => void seen.push(delivery)).start()
    const options = {
      messageId: 'mine',
      correlationId: 'c1',
      headers: { tenant: 't1' },
      priority: 3,
      expirationMs: 60_000,
    }
    expect(await new Producer(rabbit, tasks).send({ n: 1 }, options)).toEqual({ messageId: 'mine' })
    await eventually(() =>
      expect(seen[0]).toMatchObject({ messageId: 'mine', correlationId: 'c1', headers: { tenant: 't1' } }),
    )
  })

  test.for([
    [{ headers: { 'leveret-attempt': 9 } }, 'reserved'],
    [{ headers: { 'x-death': [] } }, 'RabbitMQ itself'],
    [{ expirationMs: 1.5 }, 'expirationMs'],
    [{ messageId: 'x'.repeat(256) }, '255 bytes'],
    [{ persistant: true }, 'persistant'],
  ] as const)('is not sent with options that would do harm: %j', async ([options, hint], { rabbit }) => {
    const sending = new Producer(rabbit, tasks).send({ n: 1 }, options as object)
    await expect(sending).rejects.toMatchObject({ name: 'OptionsError', message: expect.stringContaining(hint) })
  })
})

describe('workers', () => {
  test('share a queue, each holding no more than its concurrency', async ({ rabbit }) => {
    const hold = gate()
    const running = { ann: 0, bob: 0 }
    for (const name of ['ann', 'bob'] as const) {
      const handler = async (): Promise<void> => {
        running[name] += 1
        await hold.opened
      }
      await new Worker(rabbit, tasks, handler, { concurrency: 3 }).start()
    }
    const producer = new Producer(rabbit, tasks)
    await Promise.all(Array.from({ length: 20 }, (_, n) => producer.send({ n })))

    await eventually(() => expect(running).toEqual({ ann: 3, bob: 3 }))
    expect(rabbit.health().roles.filter(({ role }) => role === 'worker')).toMatchObject([
      { inFlight: 3 },
      { inFlight: 3 },
    ])
    hold.open()
    await eventually(() => expect(running.ann + running.bob).toBe(20))
  })
})

describe('a failed attempt', () => {
  test.for(['quorum', 'classic'] as const)(
    'is made again with growing attempts, then kept as a dead letter (%s)',
    async (type, { rabbit, vhost, broker }) => {
      const contract = workQueue('failing', {
        payload: z.string(),
        codec: text,
        queue: { type },
        retry: { delaysMs: [100, 200] },
      })
      const attempts: number[] = []
      const worker = new Worker(rabbit, contract, (_task, { attempt }) => {
        attempts.push(attempt)
        throw new Error('always')
      })
      const dead = firstEvent(worker, 'delivery.dead-lettered')
      await worker.start()
      const { messageId } = await new Producer(rabbit, contract).send('x')

      expect(await dead).toMatchObject({
        messageId,
        attempt: 3,
        reason: 'attempts-exhausted',
        failure: { message: 'always' },
      })
      expect(attempts).toEqual([1, 2, 3])
      await eventually(async () => expect(await vhost.queue('failing')).toMatchObject({ messages: 0 }))
      const letters = await broker.management.get(vhost.name, 'failing.dead-letter', 10)
      expect(letters).toHaveLength(1)
      expect(letters[0]?.payload).toBe('x')
      expect(letters[0]?.properties).toMatchObject({
        message_id: messageId,
        headers: {
          'leveret-queue': 'failing',
          'leveret-reason': 'attempts-exhausted',
          'leveret-error-name': 'Error',
          'leveret-error-message': 'always',
          'leveret-attempt': 3,
        },
      })
    },
  )

  test('succeeds in the end when the handler does', async ({ rabbit, vhost }) => {
    const worker = new Worker(rabbit, tasks, (_task, { attempt }) => {
      if (attempt === 1) throw new Error('once')
    })
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    const { messageId } = await new Producer(rabbit, tasks).send({ n: 1 })
    expect(await acked).toMatchObject({ messageId, attempt: 2 })
    expect((await vhost.queues()).map(({ name }) => name).sort()).toEqual([
      'tasks',
      'tasks.dead-letter',
      'tasks.retry.100',
    ])
  })

  test('may choose its delay, or give up at once', async ({ rabbit }) => {
    const worker = new Worker(rabbit, tasks, ({ n }, { attempt }) => {
      if (n === 1 && attempt === 1) throw new Retry({ afterMs: 900 })
      if (n === 2) throw new Reject('not ours')
    })
    const retried = firstEvent(worker, 'delivery.retried')
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 1 })
    await producer.send({ n: 2 })
    expect(await retried).toMatchObject({ afterMs: 1_000 })
    expect(await dead).toMatchObject({ attempt: 1, reason: 'rejected', failure: { message: 'not ours' } })
  })

  test('is one whose time is up; its late result counts for nothing', async ({ rabbit }) => {
    const hold = gate()
    const reasons: unknown[] = []
    const handler = async (_task: unknown, { attempt, signal }: Delivery): Promise<void> => {
      if (attempt > 1) return
      signal.addEventListener('abort', () => reasons.push(signal.reason))
      await hold.opened
    }
    const worker = new Worker(rabbit, tasks, handler, { handlerTimeoutMs: 200 })
    const retried = firstEvent(worker, 'delivery.retried')
    const late = firstEvent(worker, 'handler.late')
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 })
    expect(await retried).toMatchObject({ attempt: 1, failure: { name: 'HandlerTimeout' } })
    expect(reasons).toMatchObject([{ name: 'HandlerTimeout' }])
    expect(await acked).toMatchObject({ attempt: 2 })
    expect(rabbit.health().roles[0]).toMatchObject({ late: 0 })
    hold.open()
    expect(await late).toMatchObject({ attempt: 1 })
    expect(rabbit.health().roles[0]).toMatchObject({ late: 1 })
  })
})

test('without a dead-letter queue what has failed is dropped, and said so', async ({ rabbit, vhost }) => {
  const contract = workQueue('careless', { payload: z.string(), codec: text, retry: false, deadLetter: false })
  const worker = new Worker(rabbit, contract, () => {
    throw new Error('no')
  })
  const dropped = firstEvent(worker, 'delivery.dropped')
  await worker.start()
  await new Producer(rabbit, contract).send('x')
  expect(await dropped).toMatchObject({ reason: 'attempts-exhausted' })
  expect((await vhost.queues()).map(({ name }) => name)).toEqual(['careless'])
})

test('the types are the contract', async ({ rabbit }) => {
  const producer = new Producer(rabbit, tasks)
  // @ts-expect-error a payload of another shape does not compile
  await expect(producer.send({ n: 'x' })).rejects.toMatchObject({ name: 'PayloadError' })
  // @ts-expect-error the handler gets the schema's output, in which n is a number
  const worker = new Worker(rabbit, tasks, ({ n }) => n.toUpperCase())
  await worker.close()
})
