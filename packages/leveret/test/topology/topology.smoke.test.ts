import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  DeadLetters,
  fanoutExchange,
  type Logger,
  MemoryDeduplicationStore,
  Producer,
  Publisher,
  policyOf,
  Retry,
  Subscriber,
  subscription,
  TopologyMismatchError,
  Worker,
  workQueue,
} from '../../src/index.js'
import { eventually, fieldsOf, firstEvent, gate, tasks, test } from '../support/support.js'

describe('a queue that exists with other arguments', () => {
  const other = workQueue('tasks', { payload: tasks.payload, queue: { type: 'classic' } })

  test('is one clear error for the sender, and its message is not sent', async ({ rabbit, vhost }) => {
    await new Producer(rabbit, tasks).send({ n: 1 })
    const sending = new Producer(rabbit, other).send({ n: 2 })
    await expect(sending).rejects.toBeInstanceOf(TopologyMismatchError)
    await expect(sending).rejects.toMatchObject({ kind: 'queue', entity: 'tasks', argument: expect.any(String) })
    await new Producer(rabbit, tasks).send({ n: 3 })
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 2 }))
  })

  test('keeps the sender unready, whatever else it suffers, until a send succeeds', async ({ rabbit }) => {
    await new Producer(rabbit, tasks).send({ n: 1 })
    const refused = new Producer(rabbit, other)
    await refused.send({ n: 2 }).catch(() => undefined)
    expect(rabbit.health()).toMatchObject({ ready: false, why: expect.stringContaining('x-') })
    await refused.send({ n: 3 }, { signal: AbortSignal.abort() }).catch(() => undefined)
    expect(rabbit.health()).toMatchObject({ ready: false })
  })

  test('is one clear error for the worker, at once, and others go on', async ({ rabbit }) => {
    const seen: number[] = []
    await new Worker(rabbit, tasks, ({ n }) => void seen.push(n)).start()
    await expect(new Worker(rabbit, other, () => undefined).start()).rejects.toBeInstanceOf(TopologyMismatchError)
    await new Producer(rabbit, tasks).send({ n: 1 })
    await eventually(() => expect(seen).toEqual([1]))
    expect(rabbit.health()).toMatchObject({ ready: true })
  })

  test("is used as it is with topology: 'check'", async ({ rabbit, connectTo }) => {
    await new Producer(rabbit, tasks).send({ n: 1 })
    const lenient = await connectTo({ topology: 'check' })
    await new Producer(lenient, other).send({ n: 2 })
  })
})

describe('a missing queue', () => {
  const missing = workQueue('missing', { payload: z.string() })

  test("is an error with topology: 'check'", async ({ connectTo }) => {
    const rabbit = await connectTo({ topology: 'check' })
    await expect(new Producer(rabbit, missing).send('x')).rejects.toMatchObject({ name: 'BrokerError', replyCode: 404 })
    await expect(new Worker(rabbit, missing, () => undefined).start()).rejects.toMatchObject({ replyCode: 404 })
  })

  test("returns the message with topology: 'skip'", async ({ connectTo }) => {
    const rabbit = await connectTo({ topology: 'skip' })
    await expect(new Producer(rabbit, missing).send('x')).rejects.toMatchObject({
      name: 'PublishError',
      outcome: 'returned',
      routingKey: 'missing',
    })
  })
})

test("a queue's settings that are left to a policy are reported, and hold as soon as it is set", async ({
  connectTo,
  vhost,
  broker,
}) => {
  const told: string[] = []
  const info = (_fields: object, message: string): void => void told.push(message)
  const logger: Logger = { debug: () => undefined, info, warn: info, error: info }
  const changeable = workQueue('changeable', { payload: z.string(), queue: { settings: 'policy' } })
  const producer = new Producer(await connectTo({ logger }), changeable)
  expect(told).toContainEqual(
    expect.stringContaining(
      `rabbitmqctl set_policy --apply-to queues 'leveret.changeable' '^changeable$' '{"dead-letter-exchange":"",`,
    ),
  )
  await producer.send('gone, because nothing says where to', { expirationMs: 1 })
  await eventually(async () => expect(await vhost.queue('changeable')).toMatchObject({ messages: 0 }))

  const { name, ...policy } = policyOf(changeable)
  await broker.management.setPolicy(vhost.name, name, policy)
  await eventually(async () => expect(await vhost.queue('changeable')).toMatchObject({ policy: name }))
  await producer.send('kept', { expirationMs: 1 })
  await eventually(async () => expect(await vhost.queue('changeable.dead-letter')).toMatchObject({ messages: 1 }))
})

describe("with topology: 'check'", () => {
  const failing = (): never => {
    throw new Error('no')
  }

  test('a worker starts on what a start that declares has left', async ({ rabbit, connectTo }) => {
    await new Worker(rabbit, tasks, () => undefined).start()
    await rabbit.close()
    const careful = await connectTo({ topology: 'check' })
    const seen: number[] = []
    const deduplicate = { store: new MemoryDeduplicationStore(), ttlMs: 60_000 }
    await new Worker(careful, tasks, ({ n }) => void seen.push(n), { deduplicate }).start()
    await new Producer(careful, tasks).send({ n: 1 })
    await eventually(() => expect(seen).toEqual([1]))
  })

  test('so does a durable subscriber', async ({ rabbit, connectTo }) => {
    const events = fanoutExchange('events', { payload: tasks.payload })
    const reader = subscription('reader', { of: events })
    await new Subscriber(rabbit, reader, () => undefined).start()
    await rabbit.close()
    const careful = await connectTo({ topology: 'check' })
    const seen: number[] = []
    await new Subscriber(careful, reader, ({ payload }) => void seen.push(payload.n)).start()
    await new Publisher(careful, events).publish({ n: 1 })
    await eventually(() => expect(seen).toEqual([1]))
  })

  test('a failed task whose delay queue is missing is kept as a dead letter that says so, until the queue is declared', async ({
    rabbit,
    vhost,
    connectTo,
    broker,
  }) => {
    const once = workQueue('tasks', { payload: tasks.payload, retry: { delaysMs: [100] } })
    await new Producer(rabbit, once).send({ n: 1 })
    const careful = await connectTo({ topology: 'check' })
    const worker = new Worker(careful, once, failing)
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    const failure = { name: 'BrokerError', message: expect.stringContaining("'tasks.retry.100'") }
    expect(await dead).toMatchObject({ attempt: 1, reason: 'retry-impossible', failure })
    expect(await new DeadLetters(rabbit, once).peek()).toMatchObject([{ reason: 'retry-impossible', error: failure }])
    expect(careful.health()).toMatchObject({ ready: true })

    const arguments_ = { 'x-message-ttl': 100, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'tasks' }
    await broker.management.declareQueue(vhost.name, 'tasks.retry.100', arguments_)
    const last = firstEvent(worker, 'delivery.dead-lettered')
    await new Producer(rabbit, once).send({ n: 2 })
    expect(await last).toMatchObject({ attempt: 2, reason: 'attempts-exhausted' })
  })

  test('so is one that chooses a delay whose queue is missing', async ({ rabbit, connectTo }) => {
    await new Producer(rabbit, tasks).send({ n: 1 })
    const choosing = new Worker(await connectTo({ topology: 'check' }), tasks, () => {
      throw new Retry({ afterMs: 60_000 })
    })
    const dead = firstEvent(choosing, 'delivery.dead-lettered')
    await choosing.start()
    const message = expect.stringContaining("'tasks.retry.60000'")
    expect(await dead).toMatchObject({ reason: 'retry-impossible', failure: { name: 'BrokerError', message } })
  })

  test('so is a duplicate of what is being handled, instead of taking a place without end', async ({
    rabbit,
    connectTo,
    vhost,
  }) => {
    const hold = gate()
    const contract = workQueue('once', { payload: tasks.payload, retry: false })
    const producer = new Producer(rabbit, contract)
    for (const n of [1, 2]) await producer.send({ n }, { messageId: 'same' })
    const deduplicate = { store: new MemoryDeduplicationStore(), ttlMs: 60_000 }
    const careful = await connectTo({ topology: 'check' })
    const worker = new Worker(careful, contract, async () => await hold.opened, { deduplicate })
    const ended = Promise.race([firstEvent(worker, 'delivery.dead-lettered'), firstEvent(worker, 'delivery.stuck')])
    await worker.start()
    const message = expect.stringContaining("'once.retry.5000'")
    expect(await ended).toMatchObject({ reason: 'retry-impossible', failure: { name: 'BrokerError', message } })
    hold.open()
    await eventually(async () => expect(await vhost.queue('once')).toMatchObject({ messages: 0 }))
    expect(careful.health()).toMatchObject({ ready: true })
  })
})

test('a service without the right to configure gets that error, and can use existing queues', async ({
  createUser,
  vhost,
  connectTo,
  rabbit,
}) => {
  const username = await createUser('cid', 'S3cr3t-cid', { configure: '^$', write: '.*', read: '.*' })
  const fields = { ...fieldsOf(vhost.url), username, password: 'S3cr3t-cid' }
  const strict = await connectTo({}, fields)
  await expect(new Producer(strict, tasks).send({ n: 1 })).rejects.toMatchObject({
    name: 'BrokerError',
    replyCode: 403,
  })
  await expect(new Worker(strict, tasks, () => undefined).start()).rejects.toMatchObject({ replyCode: 403 })

  await new Producer(rabbit, tasks).send({ n: 1 })
  const modest = await connectTo({ topology: 'check' }, fields)
  await new Producer(modest, tasks).send({ n: 2 })
  const seen: number[] = []
  await new Worker(modest, tasks, ({ n }) => void seen.push(n)).start()
  await eventually(() => expect(seen.sort()).toEqual([1, 2]))
})

test('a queue type that RabbitMQ has retired is refused clearly, and affects no other role', async ({
  rabbit,
  broker,
}) => {
  const transient = workQueue('old', {
    payload: z.string(),
    queue: { type: 'classic', durable: false, legacyTransient: true, arguments: {} },
    retry: false,
    deadLetter: false,
  })
  const [major = 0, minor = 0] = broker.version.split('.').map(Number)
  const denied = major > 4 || (major === 4 && minor >= 0)
  const sending = new Producer(rabbit, transient).send('x')
  if (denied)
    await expect(sending).rejects.toMatchObject({
      name: 'BrokerError',
      replyText: expect.stringContaining('transient_nonexcl_queues'),
    })
  else await expect(sending).resolves.toBeDefined()
  await new Producer(rabbit, tasks).send({ n: 1 })
  expect(minor).toBeGreaterThanOrEqual(0)
})
