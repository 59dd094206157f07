import { describe, expect } from 'vitest'
import { z } from 'zod'
import { DeadLetters, Producer, Reject, text, Worker, workQueue } from '../../src/index.js'
import { drain, giveUp, idsOf, putLetters, rejectOne, takeAndDie } from '../support/letters.js'
import { eventually, firstEvent, hasNativeRetry, tasks, test } from '../support/support.js'

const once = workQueue('tasks', { payload: z.object({ n: z.int() }), retry: false, deadLetter: { stack: true } })

describe('a dead letter', () => {
  test('of a worker has its reason, with a typed payload', async ({ rabbit }) => {
    const worker = new Worker(rabbit, once, ({ n }) => {
      throw n === 1 ? new Reject('not ours') : new TypeError('x is undefined')
    })
    await worker.start()
    const producer = new Producer(rabbit, once)
    await producer.send({ n: 1 }, { messageId: 'm1', headers: { tenant: 't1' } })
    await producer.send({ n: 2 }, { messageId: 'm2', correlationId: 'c2' })
    const letters = new DeadLetters(rabbit, once)
    await eventually(async () => expect(await letters.count()).toBe(2))
    const read = await letters.peek()
    const byId = new Map(read.map((letter) => [letter.messageId, letter]))
    expect(byId.get('m1')).toMatchObject({
      reason: 'rejected',
      error: { name: 'Reject', message: 'not ours' },
      attempts: 1,
      replays: 0,
      queue: 'tasks',
      exchange: '',
      routingKey: 'tasks',
      contentType: 'application/json',
    })
    expect(byId.get('m1')?.headers).toMatchObject({ tenant: 't1' })
    expect(byId.get('m2')).toMatchObject({ reason: 'attempts-exhausted', correlationId: 'c2' })
    expect(byId.get('m2')?.error?.stack).toMatch(/^TypeError: x is undefined\n {4}at .*dead-letters\.test/)
    expect(byId.get('m2')?.deadLetteredAt?.getTime()).toBeGreaterThan(Date.now() - 60_000)
    const payload: { n: number } | undefined = await byId.get('m2')?.payload()
    expect(payload).toEqual({ n: 2 })
    // @ts-expect-error the payload is the schema's output, in which n is a number
    const wrong: { n: string } | undefined = await byId.get('m2')?.payload()
    expect(wrong).toBeDefined()
  })

  test('whose payload does not fit says so when it is asked', async ({ rabbit, vhost, broker }) => {
    await new Worker(rabbit, once, () => undefined).start()
    await broker.management.publish(vhost.name, { routingKey: 'tasks', payload: '{"n":"x"}' })
    const letters = new DeadLetters(rabbit, once)
    await eventually(async () => expect(await letters.count()).toBe(1))
    const [letter] = await letters.peek()
    expect(letter).toMatchObject({ reason: 'invalid-payload', error: { name: 'PayloadError' } })
    await expect(letter?.payload()).rejects.toMatchObject({ name: 'PayloadError', direction: 'incoming' })
  })

  test.for(['quorum', 'classic'] as const)(
    "of RabbitMQ's own is read alike (%s)",
    async (type, { rabbit, vhost, broker }) => {
      const route = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'limited.dead-letter' }
      const queue = { type, arguments: { 'x-queue-type': type, ...route } }
      const contract = workQueue('limited', { payload: z.string(), codec: text, queue })
      const letters = new DeadLetters(rabbit, contract)
      const producer = new Producer(rabbit, contract)
      await producer.send('x', { messageId: 'expired', expirationMs: 1 })
      await eventually(async () => expect(await letters.count()).toBe(1))

      const policy = { pattern: '^limited$', 'apply-to': 'queues', definition: { 'max-length': 1 } } as const
      await broker.management.setPolicy(vhost.name, 'short', policy)
      await eventually(async () => expect(await vhost.queue('limited')).toMatchObject({ policy: 'short' }))
      for (const messageId of ['too-many', 'kept']) await producer.send('x', { messageId, headers: { tenant: 't1' } })
      await eventually(async () => expect(await letters.count()).toBe(2))
      await rejectOne(rabbit, 'limited')
      await eventually(async () => expect(await letters.count()).toBe(3))

      const common = { error: undefined, attempts: 0, queue: 'limited', exchange: '', routingKey: 'limited' }
      const read = await letters.peek()
      expect(read).toMatchObject([
        { ...common, messageId: 'expired', reason: 'expired' },
        { ...common, messageId: 'too-many', reason: 'max-length', headers: { tenant: 't1' } },
        { ...common, messageId: 'kept', reason: 'rejected' },
      ])
      for (const letter of read) {
        expect(Math.abs(Date.now() - (letter.deadLetteredAt?.getTime() ?? 0))).toBeLessThan(60_000)
        expect(await letter.payload()).toBe('x')
      }
    },
  )

  test('of a task that killed its process again and again', async ({ rabbit }) => {
    await new Producer(rabbit, tasks).send({ n: 1 }, { messageId: 'poison' })
    const letters = new DeadLetters(rabbit, tasks)
    for (let death = 0; death <= 20; death += 1) {
      await eventually(async () => expect(await takeAndDie(rabbit, 'tasks')).toBe(1))
    }
    await eventually(async () => expect(await letters.count()).toBe(1))
    const read = await letters.peek()
    expect(read).toMatchObject([{ messageId: 'poison', reason: 'delivery-limit', attempts: 0, queue: 'tasks' }])
    expect(await idsOf(rabbit)).toEqual(['poison'])
    expect(await letters.replay()).toEqual({ replayed: 1, skipped: 0 })
    const acked = new Promise((resolve) => {
      const worker = new Worker(rabbit, tasks, (_task, { attempt, headers }) => resolve({ attempt, ...headers }))
      void worker.start()
    })
    expect(await acked).toMatchObject({ attempt: 1, 'leveret-replays': 1 })
  })

  test('without a known reason is still a dead letter', async ({ rabbit, vhost, broker }) => {
    const letters = new DeadLetters(rabbit, tasks)
    // Nothing but the dead-letter queue is declared for looking.
    expect(await letters.count()).toBe(0)
    expect(await vhost.queues()).toMatchObject([{ name: 'tasks.dead-letter' }])
    const headers = {
      'x-death': 'boom',
      'x-delivery-count': 1e300,
      'leveret-attempt': 'x',
      'leveret-reason': 'expired',
    }
    const properties = { delivery_mode: 2, message_id: 'odd', headers }
    await broker.management.publish(vhost.name, { routingKey: 'tasks.dead-letter', payload: '?', properties })
    expect(await letters.peek()).toMatchObject([{ messageId: 'odd', reason: 'unknown', queue: undefined, attempts: 0 }])
    expect(await letters.replay({ includeUnknown: true })).toEqual({ replayed: 1, skipped: 0 })
    expect(await drain(rabbit, 'tasks')).toEqual(['odd'])
  })
})

describe('looking', () => {
  test('thirty times loses nothing and keeps the order', async ({ rabbit }) => {
    const ids = await giveUp(rabbit, 5)
    const letters = new DeadLetters(rabbit, tasks)
    for (let look = 1; look <= 30; look += 1) {
      expect((await letters.peek()).map(({ messageId }) => messageId)).toEqual(ids)
    }
    expect(await letters.count()).toBe(5)
    expect((await letters.peek()).map(({ reason }) => reason)).toEqual(ids.map(() => 'rejected'))
  })

  test('at a few of many, thirty times, loses nothing', async ({ rabbit }) => {
    const ids = await giveUp(rabbit, 5)
    const letters = new DeadLetters(rabbit, tasks)
    for (let look = 1; look <= 30; look += 1) expect(await letters.peek({ limit: (look % 3) + 1 })).not.toEqual([])
    expect((await idsOf(rabbit)).sort()).toEqual([...ids].sort())
  })

  test('after holders that died, forty times in all, loses nothing', async ({ rabbit }) => {
    const ids = await giveUp(rabbit, 3)
    for (let round = 0; round < 4; round += 1) {
      for (let death = 0; death < 10; death += 1) {
        await eventually(async () => expect(await takeAndDie(rabbit)).toBe(3))
      }
      await eventually(async () => expect((await idsOf(rabbit)).sort()).toEqual([...ids].sort()))
    }
  })

  test('at the first ones again and again shows the same where the broker does not count it', async ({
    rabbit,
    broker,
  }) => {
    const ids = await giveUp(rabbit, 6)
    const letters = new DeadLetters(rabbit, tasks)
    const seen = new Set<unknown>()
    for (let look = 1; look <= 5; look += 1) {
      for (const { messageId } of await letters.peek({ limit: 2 })) seen.add(messageId)
    }
    // RabbitMQ 3 puts what comes back behind what was not read, and before 4.3 leveret stores letters again that came back often.
    if (hasNativeRetry(broker)) expect([...seen]).toEqual(ids.slice(0, 2))
    expect((await idsOf(rabbit)).sort()).toEqual([...ids].sort())
  })

  test('ends where the contents take too many bytes, after one letter at least', async ({ rabbit, vhost }) => {
    const letters = new DeadLetters(rabbit, tasks)
    expect(await letters.count()).toBe(0)
    await putLetters(vhost.url, 'tasks.dead-letter', { count: 5, bytes: 1_000 })
    expect(await letters.peek({ maxBytes: 2_500 })).toHaveLength(3)
    expect(await letters.peek({ maxBytes: 1 })).toHaveLength(1)
    expect(await letters.peek()).toHaveLength(5)
  })
})

test('what fails again during a replay is not seen a second time', async ({ rabbit }) => {
  const [id] = await giveUp(rabbit, 1)
  const worker = new Worker(rabbit, tasks, () => Promise.reject(new Reject('still no')))
  const dead = firstEvent(worker, 'delivery.dead-lettered')
  await worker.start()
  const letters = new DeadLetters(rabbit, tasks)
  expect(await letters.replay()).toEqual({ replayed: 1, skipped: 0 })
  expect(await dead).toMatchObject({ messageId: id, attempt: 1 })
  await eventually(async () => expect(await letters.count()).toBe(1))
  expect(await letters.peek()).toMatchObject([{ messageId: id, replays: 1, attempts: 1 }])
  expect(await letters.discard({ filter: () => true })).toEqual({ discarded: 1, skipped: 0 })
  expect(await letters.count()).toBe(0)
})
