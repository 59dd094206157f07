import { describe, expect, onTestFinished } from 'vitest'
import { z } from 'zod'
import { type Logger, Producer, policyOf, Retry, TopologyMismatchError, Worker, workQueue } from '../src/index.js'
import { eventually, fieldsOf, firstEvent, tasks, test } from './support.js'

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

test("a queue's settings that are left to a policy are told, and hold as soon as it is set", async ({
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

test('a worker is warned of a queue that may drop what it delivered too often; a sender is not', async ({ rabbit }) => {
  const dropping = workQueue('dropping', { payload: z.string(), deadLetter: false, retry: false })
  const warnings: string[] = []
  const onWarning = ({ message }: Error): void => void warnings.push(message)
  process.on('warning', onWarning)
  onTestFinished(() => void process.off('warning', onWarning))
  await new Producer(rabbit, dropping).send('x')
  await new Worker(rabbit, dropping, () => undefined).start()
  expect(warnings.filter((text) => text.includes("'dropping' has no dead letters"))).toHaveLength(1)
})

test("with topology: 'check' a worker whose delay queues are missing does not start, so no failed task is lost", async ({
  rabbit,
  vhost,
  connectTo,
  broker,
}) => {
  await new Producer(rabbit, tasks).send({ n: 1 })
  const careful = await connectTo({ topology: 'check' })
  const worker = new Worker(careful, tasks, () => {
    throw new Error('no')
  })
  await expect(worker.start()).rejects.toMatchObject({
    name: 'BrokerError',
    replyCode: 404,
    message: expect.stringContaining('tasks.retry.100'),
  })

  // Chosen at run time, its delay queue cannot be checked before: then the task is kept as a dead letter.
  const once = workQueue('tasks', { payload: tasks.payload, retry: { delaysMs: [100] } })
  await broker.management.declareQueue(vhost.name, 'tasks.retry.100', { 'x-queue-type': 'quorum' })
  const choosing = new Worker(careful, once, () => {
    throw new Retry({ afterMs: 60_000 })
  })
  const dead = firstEvent(choosing, 'delivery.dead-lettered')
  await choosing.start()
  expect(await dead).toMatchObject({ reason: 'retry-impossible', failure: { name: 'BrokerError' } })
  await eventually(async () => expect(await vhost.queue('tasks.dead-letter')).toMatchObject({ messages: 1 }))
})

test('a service without the right to configure is told so, and can use what exists', async ({
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
  const unretried = workQueue('tasks', { payload: tasks.payload, retry: false })
  await new Worker(modest, unretried, ({ n }) => void seen.push(n)).start()
  await eventually(() => expect(seen.sort()).toEqual([1, 2]))
})

test('a queue that RabbitMQ has retired is refused clearly where it is, and hurts nobody', async ({
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
