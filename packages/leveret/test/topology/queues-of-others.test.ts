import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  DeadLetters,
  dryRun,
  fanoutExchange,
  OptionsError,
  Producer,
  Publisher,
  procedure,
  RpcClient,
  RpcServer,
  Worker,
  workQueue,
} from '../../src/index.js'
import { stranger } from '../support/stranger.js'
import { eventually, firstEvent, test } from '../support/support.js'

const payload = z.object({ n: z.int() })
const fail = (): never => {
  throw new Error('no')
}

test.for([{}, { maxPriority: 5 }])(
  'a classic queue is classic also where the default of the vhost is another type: %o',
  async (options, { vhost, connectTo, broker }) => {
    await broker.management.createVhost(vhost.name, 'guest', 'quorum')
    const rabbit = await connectTo()
    const contract = workQueue('tasks', { payload, queue: { type: 'classic', ...options }, deadLetter: false })
    await new Producer(rabbit, contract).send({ n: 1 })
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ type: 'classic' }))
  },
)

test('a classic queue that was declared without a type is described by the type classic', async ({ vhost, rabbit }) => {
  await using other = await stranger(vhost.url)
  await other.channel.assertQueue('tasks', { durable: true })
  const contract = workQueue('tasks', {
    payload,
    queue: { type: 'classic', settings: 'policy' },
    retry: false,
  })
  await new Producer(rabbit, contract).send({ n: 1 })
  await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 1 }))
})

describe('a queue that exists', () => {
  const contract = workQueue('tasks', { payload, existing: true, retry: { delaysMs: [50] } })

  test.for([
    { 'x-queue-type': 'quorum', 'x-max-length': 100 },
    { 'x-queue-type': 'classic', 'x-max-priority': 3, 'x-message-ttl': 60_000 },
  ])('is used as it is, and what is leveret’s own is declared all the same: %o', async (args, { vhost, rabbit }) => {
    await using other = await stranger(vhost.url)
    await other.channel.assertQueue('tasks', { durable: true, arguments: args })
    const attempts: number[] = []
    const worker = new Worker(rabbit, contract, (_task, { attempt }) => {
      attempts.push(attempt)
      throw new Error('no')
    })
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    await new Producer(rabbit, contract).send({ n: 1 })
    expect(await dead).toMatchObject({ attempt: 2 })
    expect(attempts).toEqual([1, 2])
    expect(await new DeadLetters(rabbit, contract).count()).toBe(1)
    expect((await vhost.queue('tasks'))?.arguments).toEqual(args)
  })

  test('is never declared: where it is missing, that is one clear error, and others go on', async ({
    vhost,
    rabbit,
  }) => {
    const missing = { name: 'BrokerError', replyCode: 404, replyText: expect.stringContaining("no queue 'tasks'") }
    await expect(new Producer(rabbit, contract).send({ n: 1 })).rejects.toMatchObject(missing)
    await expect(new Worker(rabbit, contract, fail).start()).rejects.toMatchObject(missing)
    await new Producer(rabbit, workQueue('others', { payload })).send({ n: 1 })
    const names = (await vhost.queues()).map(({ name }) => name).sort()
    expect(names).toEqual(['others', 'others.dead-letter', 'tasks.dead-letter'])
  })

  test('that is a stream cannot be tried by a dry run, which says so and closes no connection', async ({
    vhost,
    rabbit,
  }) => {
    await using other = await stranger(vhost.url)
    await other.channel.assertQueue('tasks', { durable: true, arguments: { 'x-queue-type': 'stream' } })
    await new Producer(rabbit, contract).send({ n: 1 })
    const disconnected: unknown[] = []
    rabbit.on('disconnected', (event) => disconnected.push(event))
    await expect(dryRun(rabbit, contract)).rejects.toThrow("dryRun: the queue 'tasks' is a stream")
    expect(disconnected).toEqual([])
  })

  test('may be that of a procedure', async ({ vhost, rabbit }) => {
    await using other = await stranger(vhost.url)
    await other.channel.assertQueue('double', { durable: true, arguments: { 'x-queue-type': 'classic' } })
    const double = procedure('double', { request: payload, response: z.int(), existing: true })
    await new RpcServer(rabbit, double, ({ n }) => 2 * n).start()
    expect(await new RpcClient(rabbit, double).call({ n: 4 })).toBe(8)
  })

  test.for([
    { arguments: {} },
    { settings: 'policy' },
    { type: 'classic', maxPriority: 3 },
    { type: 'classic', durable: false, legacyTransient: true },
  ] as const)('is not described by what is only for a declaration: %o', (queue) => {
    expect(() => workQueue('tasks', { payload, existing: true, queue })).toThrow(
      new OptionsError(
        "workQueue('tasks'): existing: leveret does not declare this queue: queue may have only type, singleActive and consumerTimeoutMs; leave out the others",
      ),
    )
  })
})

describe('a dead-letter queue that others have declared', () => {
  test.for([
    [{ type: 'classic' }, {}],
    [{ type: 'classic' }, { 'x-queue-type': 'classic' }],
    [{ arguments: { 'x-max-length': 9 } }, { 'x-max-length': 9 }],
    [{ existing: true }, { 'x-max-priority': 2 }],
    [{ existing: true }, { 'x-queue-type': 'quorum', 'x-delivery-limit': 3 }],
  ] as const)('is described by %o', async ([described, declared], { vhost, rabbit }) => {
    await using other = await stranger(vhost.url)
    await other.channel.assertQueue('lost', { durable: true, arguments: declared })
    const contract = workQueue('tasks', { payload, retry: false, deadLetter: { queue: 'lost', ...described } })
    const worker = new Worker(rabbit, contract, fail)
    await worker.start()
    await new Producer(rabbit, contract).send({ n: 1 })
    const letters = new DeadLetters(rabbit, contract)
    await eventually(async () => expect(await letters.count()).toBe(1))
    expect((await letters.peek()).map(({ reason }) => reason)).toEqual(['attempts-exhausted'])
    await worker.close()
    expect(await letters.replay()).toEqual({ replayed: 1, skipped: 0 })
  })

  test.for([
    [{ existing: true }, 'declare'],
    [{ queue: { type: 'classic' } }, 'declare'],
    [{ existing: true }, 'check'],
    [{ existing: true }, 'skip'],
  ] as const)(
    'that is deleted and comes back gets what failed meanwhile, and why: %o, topology %s',
    async ([described, topology], { vhost, connectTo, broker }) => {
      await using other = await stranger(vhost.url)
      await other.channel.assertQueue('lost', { durable: true })
      const contract = workQueue('tasks', {
        payload,
        retry: false,
        deadLetter: { queue: 'lost', existing: true },
        ...described,
      })
      if ('existing' in described) await other.channel.assertQueue('tasks', { durable: true })
      const rabbit = await connectTo({ topology })
      const worker = new Worker(rabbit, contract, fail, { prefetch: 2 })
      const refused: unknown[] = []
      const dead: unknown[] = []
      worker.on('delivery.copy-refused', ({ messageId }) => refused.push(messageId))
      worker.on('delivery.stuck', ({ messageId }) => refused.push(`${messageId} is stuck`))
      worker.on('delivery.dead-lettered', ({ messageId }) => dead.push(messageId))
      await worker.start()
      await new Producer(rabbit, contract).send({ n: 0 }, { messageId: 'first' })
      await eventually(() => expect(dead).toEqual(['first']))
      await broker.management.deleteQueue(vhost.name, 'lost')
      const ids = ['1', '2', '3', '4', '5']
      // Not by the producer, which asks for the dead-letter queue too.
      const sent = { persistent: true, contentType: 'application/json' }
      for (const messageId of ids) other.channel.sendToQueue('tasks', Buffer.from('{"n":1}'), { ...sent, messageId })
      await eventually(() => expect(refused.sort()).toEqual(ids))
      expect(dead).toEqual(['first'])
      await other.channel.assertQueue('lost', { durable: true })
      await eventually(() => expect(dead.slice(1).sort()).toEqual(ids), { timeoutMs: 30_000 })
      const letters = await new DeadLetters(rabbit, contract).peek()
      expect(letters.map(({ messageId, reason, error }) => [messageId, reason, error?.message]).sort()).toEqual(
        ids.map((id) => [id, 'attempts-exhausted', 'no']),
      )
      await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
    },
  )

  test.for([{ existing: true }, { arguments: { 'x-queue-type': 'stream' } }])(
    'that is a stream is said to be one: %o',
    async (described, { vhost, rabbit }) => {
      await using other = await stranger(vhost.url)
      await other.channel.assertQueue('lost', { durable: true, arguments: { 'x-queue-type': 'stream' } })
      const contract = workQueue('tasks', { payload, retry: false, deadLetter: { queue: 'lost', ...described } })
      const worker = new Worker(rabbit, contract, fail)
      const dead = firstEvent(worker, 'delivery.dead-lettered')
      await worker.start()
      await new Producer(rabbit, contract).send({ n: 1 })
      await dead
      const letters = new DeadLetters(rabbit, contract)
      const said = { name: 'OptionsError', message: expect.stringMatching(/'lost' is a stream.*Subscriber/) }
      await expect(letters.count()).rejects.toMatchObject(said)
      await expect(letters.peek()).rejects.toMatchObject(said)
      await expect(letters.replay()).rejects.toMatchObject(said)
      await expect(letters.discard({ filter: () => true })).rejects.toMatchObject(said)
      expect(rabbit.health()).toMatchObject({ ready: true })
    },
  )

  test('is said in one way', () => {
    const deadLetter = { queue: 'lost', type: 'classic', existing: true } as const
    expect(() => workQueue('tasks', { payload, deadLetter })).toThrow('give only one of type, arguments and existing')
  })
})

describe('an exchange that exists', () => {
  const logs = fanoutExchange('logs', { payload, existing: true })

  test('is published to as it is, whatever its type and arguments', async ({ vhost, rabbit }) => {
    await using other = await stranger(vhost.url)
    await other.channel.assertExchange('logs', 'direct', { durable: false, autoDelete: true })
    await other.channel.assertQueue('lines', { durable: true })
    await other.channel.bindQueue('lines', 'logs', '')
    expect(await new Publisher(rabbit, logs).publish({ n: 1 })).toMatchObject({ routed: true })
  })

  test('is never declared', async ({ rabbit, vhost, broker }) => {
    await expect(new Publisher(rabbit, logs).publish({ n: 1 })).rejects.toMatchObject({
      name: 'BrokerError',
      replyCode: 404,
    })
    expect((await broker.management.exchanges(vhost.name)).some(({ name }) => name === 'logs')).toBe(false)
  })

  test('is not described by what is only for a declaration', () => {
    expect(() => fanoutExchange('logs', { payload, existing: true, alternate: 'lost' })).toThrow(
      "fanoutExchange('logs'): existing: leveret does not declare this exchange: leave out alternate, arguments and boundTo",
    )
  })
})
