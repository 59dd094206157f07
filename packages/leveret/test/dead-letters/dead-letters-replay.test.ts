import { describe, expect } from 'vitest'
import { DeadLetters, OptionsError, Producer, type ReplayOptions, Worker, workQueue } from '../../src/index.js'
import { DEAD_LETTER_ARGUMENTS, drain, giveUp, idsOf } from '../support/letters.js'
import { stranger } from '../support/stranger.js'
import { eventually, tasks, test } from '../support/support.js'

describe('a replay', () => {
  test('gives each letter back to its workers, under its own id, as a first attempt', async ({ rabbit, vhost }) => {
    const ids = await giveUp(rabbit, 20)
    const handled: object[] = []
    const worker = new Worker(rabbit, tasks, ({ n }, { messageId, attempt, headers }) => {
      handled.push({ n, messageId, attempt, replays: headers['leveret-replays'], parity: headers.parity })
    })
    await worker.start()
    expect(await new DeadLetters(rabbit, tasks).replay()).toEqual({ replayed: 20, skipped: 0 })
    await eventually(() => expect(handled).toHaveLength(20))
    const expected = ids.map((messageId, n) => ({ n, messageId, attempt: 1, replays: 1, parity: n % 2 }))
    expect(handled).toEqual(expect.arrayContaining(expected))
    await worker.close()
    for (const queue of ['tasks', 'tasks.dead-letter']) {
      await eventually(async () => expect(await vhost.queue(queue)).toMatchObject({ messages: 0 }))
    }
  })

  test('takes only what the filter chooses; the others stay, in order', async ({ rabbit }) => {
    const ids = await giveUp(rabbit, 10)
    const letters = new DeadLetters(rabbit, tasks)
    const filter: ReplayOptions<typeof tasks>['filter'] = async (letter) => (await letter.payload()).n % 2 === 0
    expect(await letters.replay({ filter })).toEqual({ replayed: 5, skipped: 5 })
    expect(await idsOf(rabbit)).toEqual(ids.filter((_id, n) => n % 2 === 1))
    expect(await drain(rabbit, 'tasks')).toEqual(ids.filter((_id, n) => n % 2 === 0))
  })

  test('that skips a letter thirty times does not wear it out', async ({ rabbit }) => {
    const ids = await giveUp(rabbit, 3)
    const letters = new DeadLetters(rabbit, tasks)
    for (let round = 0; round < 30; round += 1) {
      expect(await letters.replay({ filter: () => false })).toEqual({ replayed: 0, skipped: 3 })
    }
    expect((await idsOf(rabbit)).sort()).toEqual([...ids].sort())
  })

  test('stops at its limit, and keeps to its rate', async ({ rabbit }) => {
    const ids = await giveUp(rabbit, 6)
    const letters = new DeadLetters(rabbit, tasks)
    const began = performance.now()
    expect(await letters.replay({ limit: 4, ratePerSecond: 20 })).toEqual({ replayed: 4, skipped: 0 })
    // Three waits of 50 ms; timers may be a little early.
    expect(performance.now() - began).toBeGreaterThan(140)
    expect(await idsOf(rabbit)).toEqual(ids.slice(4))
    expect(await drain(rabbit, 'tasks')).toEqual(ids.slice(0, 4))
  })

  test('stopped by its signal has every letter in exactly one place, and can be called again', async ({ rabbit }) => {
    const ids = await giveUp(rabbit, 10)
    const letters = new DeadLetters(rabbit, tasks)
    const stop = new AbortController()
    let asked = 0
    const filter = (): boolean => {
      asked += 1
      if (asked === 6) stop.abort()
      return asked % 3 !== 0
    }
    expect(await letters.replay({ filter, signal: stop.signal })).toEqual({ replayed: 4, skipped: 1 })
    const left = await idsOf(rabbit)
    expect(left).toHaveLength(6)
    expect(await letters.replay({ signal: AbortSignal.abort() })).toEqual({ replayed: 0, skipped: 0 })
    expect(await letters.replay()).toEqual({ replayed: 6, skipped: 0 })
    expect((await drain(rabbit, 'tasks')).sort()).toEqual([...ids].sort())
    await eventually(async () => expect(await letters.count()).toBe(0))
  })

  test('whose filter throws stops there and keeps what it had not replayed', async ({ rabbit }) => {
    const ids = await giveUp(rabbit, 4)
    const letters = new DeadLetters(rabbit, tasks)
    let asked = 0
    const filter = (): boolean => {
      asked += 1
      if (asked === 3) throw new RangeError('mine')
      return true
    }
    await expect(letters.replay({ filter })).rejects.toThrow(new RangeError('mine'))
    expect(await drain(rabbit, 'tasks')).toEqual(ids.slice(0, 2))
    expect((await idsOf(rabbit)).sort()).toEqual(ids.slice(2).sort())
  })

  test('whose work queue is gone and may not be declared loses nothing', async ({
    rabbit,
    connectTo,
    vhost,
    broker,
  }) => {
    const ids = await giveUp(rabbit, 3)
    await broker.management.deleteQueue(vhost.name, 'tasks')
    const modest = await connectTo({ topology: 'skip' })
    const letters = new DeadLetters(modest, tasks)
    await expect(letters.replay()).rejects.toMatchObject({ name: 'PublishError', outcome: 'returned' })
    expect(await idsOf(modest)).toEqual(ids)
  })

  test('does not fail over properties that belong to another', async ({ rabbit, vhost, broker }) => {
    await giveUp(rabbit, 1)
    const properties = { delivery_mode: 2, expiration: '600000', user_id: 'guest', headers: { CC: ['tasks'], BCC: [] } }
    await broker.management.publish(vhost.name, { routingKey: 'tasks.dead-letter', payload: '{"n":9}', properties })
    await drain(rabbit, 'tasks')
    const letters = new DeadLetters(rabbit, tasks)
    await eventually(async () => expect(await letters.count()).toBe(2))
    expect(await letters.replay({ includeUnknown: true })).toEqual({ replayed: 2, skipped: 0 })
    expect(await drain(rabbit, 'tasks')).toHaveLength(2)
  })
})

describe('a move', () => {
  test('takes letters to another queue, where they read the same', async ({ rabbit, vhost, broker }) => {
    const ids = await giveUp(rabbit, 6)
    await broker.management.declareQueue(vhost.name, 'parked', DEAD_LETTER_ARGUMENTS)
    const letters = new DeadLetters(rabbit, tasks)
    const before = await letters.peek()
    const filter = ({ error }: { error: { message: string } | undefined }): boolean => error?.message !== 'no 1'
    expect(await letters.move({ to: 'parked', filter, limit: 3 })).toEqual({ moved: 3, skipped: 1 })
    expect((await idsOf(rabbit)).sort()).toEqual([ids[1], ...ids.slice(4)].sort())

    const parked = workQueue('tasks', { payload: tasks.payload, deadLetter: { queue: 'parked' } })
    const read = await new DeadLetters(rabbit, parked).peek()
    expect(read.map(({ messageId }) => messageId)).toEqual([ids[0], ids[2], ids[3]])
    const told = ({ reason, error, attempts, deadLetteredAt, queue }: (typeof read)[number]): object => {
      return { reason, error, attempts, deadLetteredAt, queue }
    }
    expect(read.slice(0, 1).map(told)).toEqual(before.slice(0, 1).map(told))
  })

  test('to nowhere says so before it begins, touches no letter, and goes on when the queue is there', async ({
    rabbit,
    vhost,
    broker,
  }) => {
    const ids = await giveUp(rabbit, 2)
    const letters = new DeadLetters(rabbit, tasks)
    const moving = letters.move({ to: 'nowhere' })
    await expect(moving).rejects.toMatchObject({ name: 'BrokerError', replyCode: 404 })
    await expect(moving).rejects.toThrow("Checking the queue 'nowhere'")
    // None was delivered, not even to be given back.
    await using other = await stranger(vhost.url)
    expect(await other.channel.get('tasks.dead-letter')).toMatchObject({ fields: { redelivered: false } })
    await other[Symbol.asyncDispose]()
    await broker.management.declareQueue(vhost.name, 'nowhere', DEAD_LETTER_ARGUMENTS)
    await eventually(async () => expect(await letters.count()).toBe(2))
    expect(await letters.move({ to: 'nowhere', dryRun: true })).toEqual({ moved: 2, skipped: 0 })
    expect(await idsOf(rabbit)).toEqual(ids)
    expect(await letters.move({ to: 'nowhere' })).toEqual({ moved: 2, skipped: 0 })
  })

  test('to the work queue or the dead-letter queue itself is refused', async ({ rabbit }) => {
    const ids = await giveUp(rabbit, 2)
    const letters = new DeadLetters(rabbit, tasks)
    await expect(letters.move({ to: 'tasks' })).rejects.toThrow(OptionsError)
    await expect(letters.move({ to: 'tasks.dead-letter' })).rejects.toThrow(OptionsError)
    expect(await idsOf(rabbit)).toEqual(ids)
  })
})

test('a contract that keeps no dead letters has none to look at', ({ rabbit }) => {
  const careless = workQueue('careless', { payload: tasks.payload, deadLetter: false })
  expect(() => new DeadLetters(rabbit, careless)).toThrow(OptionsError)
})

test.for([{ limit: 0 }, { limit: 1.5 }, { ratePerSecond: 0 }, { filter: 'all' }, { until: 3 }])(
  'is not done with options that are wrong: %j',
  async (options, { rabbit }) => {
    const replaying = new DeadLetters(rabbit, tasks).replay(options as object)
    await expect(replaying).rejects.toThrow(OptionsError)
  },
)

test('a missing queue is an error where nothing may be declared', async ({ connectTo }) => {
  const letters = new DeadLetters(await connectTo({ topology: 'skip' }), tasks)
  await expect(letters.count()).rejects.toMatchObject({ name: 'BrokerError', replyCode: 404 })
  await expect(letters.peek()).rejects.toMatchObject({ name: 'BrokerError', replyCode: 404 })
  await expect(letters.replay()).rejects.toMatchObject({ name: 'BrokerError', replyCode: 404 })
})

test('are closed with their connection, and say so', async ({ connectTo }) => {
  const rabbit = await connectTo()
  await new Producer(rabbit, tasks).send({ n: 1 })
  const letters = new DeadLetters(rabbit, tasks)
  expect(await letters.count()).toBe(0)
  await rabbit.close()
  for (const call of [letters.count(), letters.peek(), letters.replay(), letters.discard({ filter: () => true })]) {
    await expect(call).rejects.toMatchObject({ name: 'ClosedError' })
  }
  expect(() => new DeadLetters(rabbit, tasks)).toThrow('closed')
})
