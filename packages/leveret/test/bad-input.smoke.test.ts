import { once } from 'node:events'
import net from 'node:net'
import { inspect } from 'node:util'
import { describe, expect, onTestFinished } from 'vitest'
import { z } from 'zod'
import { type BrokerAddress, connect, Producer, TopologyMismatchError, Worker, workQueue } from '../src/index.js'
import { eventually, tasks, test } from './support.js'

const PASSWORD = 'S3cr3t-päss/wörd'

function fieldsOf(url: string): BrokerAddress {
  const { hostname, port, username, password, pathname } = new URL(url)
  return { host: hostname, port: Number(port), username, password, vhost: decodeURIComponent(pathname.slice(1)) }
}

/** Runs a server that treats every connection in this way. @returns its port */
async function serve(onConnection: (socket: net.Socket) => void): Promise<number> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
    onConnection(socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return (server.address() as net.AddressInfo).port
}

describe('connect', () => {
  test('names the host that cannot be reached, after startupTimeoutMs', async () => {
    const port = await serve(() => undefined)
    const free = port === 65_535 ? port - 1 : port + 1
    const connecting = connect(`amqp://guest:${encodeURIComponent(PASSWORD)}@127.0.0.1:${free}`, {
      startupTimeoutMs: 300,
    })
    await expect(connecting).rejects.toMatchObject({
      name: 'ConnectionError',
      reason: 'unreachable',
      retryable: true,
      message: `Cannot connect to amqp://guest@127.0.0.1:${free}: connect ECONNREFUSED 127.0.0.1:${free}`,
    })
  })

  test('gives up at once on a wrong password, and shows it nowhere', async ({ vhost }) => {
    const started = performance.now()
    const error: unknown = await connect({ ...fieldsOf(vhost.url), password: PASSWORD }).catch(
      (reason: unknown) => reason,
    )
    expect(error).toMatchObject({ name: 'ConnectionError', reason: 'login-refused', retryable: false })
    expect(performance.now() - started).toBeLessThan(10_000)
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain(PASSWORD)
  })

  test('logs in with a password of any characters', async ({ vhost, broker, connectTo }) => {
    const username = `ann-${vhost.name}`
    await broker.management.createUser(username, PASSWORD)
    onTestFinished(async () => await broker.management.deleteUser(username))
    await broker.management.setPermissions(vhost.name, username)
    const fields = { ...fieldsOf(vhost.url), username, password: PASSWORD }
    expect((await connectTo({}, fields)).state).toBe('ready')
    const url = `amqp://${username}:${encodeURIComponent(PASSWORD)}@${fields.host}:${fields.port}/${vhost.name}`
    const rabbit = await connectTo({}, url)
    expect(rabbit.state).toBe('ready')
    expect(inspect(rabbit, { depth: null, showHidden: true })).not.toContain(PASSWORD)
  })

  test('gives up at once on an unknown vhost, and names it', async ({ vhost }) => {
    const connecting = connect({ ...fieldsOf(vhost.url), vhost: 'no such vhost' })
    await expect(connecting).rejects.toMatchObject({
      reason: 'vhost-not-found',
      message: expect.stringContaining("there is no vhost 'no such vhost'"),
    })
  })

  test('gives up at once on a vhost it may not use', async ({ vhost, broker }) => {
    const username = `bob-${vhost.name}`
    await broker.management.createUser(username, 'bob')
    onTestFinished(async () => await broker.management.deleteUser(username))
    const connecting = connect({ ...fieldsOf(vhost.url), username, password: 'bob' })
    await expect(connecting).rejects.toMatchObject({
      reason: 'vhost-refused',
      message: expect.stringContaining(username),
    })
  })

  test('refuses a URL with an unencoded #, masked', async () => {
    const connecting = connect('amqp://guest:S3cr3t#x@localhost')
    await expect(connecting).rejects.toMatchObject({ name: 'OptionsError', message: expect.stringContaining('%23') })
    await expect(connecting).rejects.not.toMatchObject({ message: expect.stringContaining('S3cr3t') })
  })

  test('refuses an option that does not exist', async () => {
    await expect(connect('amqp://localhost', { hartbeat: 1 } as object)).rejects.toMatchObject({
      name: 'OptionsError',
      message: expect.stringContaining('hartbeat'),
    })
  })

  test('does not wait for ever for one who accepts and says nothing', async () => {
    const port = await serve(() => undefined)
    const connecting = connect(`amqp://127.0.0.1:${port}`, { connectTimeoutMs: 200, startupTimeoutMs: 300 })
    await expect(connecting).rejects.toMatchObject({ reason: 'timeout', message: expect.stringContaining('200 ms') })
  })

  test('says so when what answers does not speak AMQP', async () => {
    const port = await serve((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    const connecting = connect(`amqp://127.0.0.1:${port}`, { startupTimeoutMs: 300 })
    await expect(connecting).rejects.toMatchObject({ reason: 'protocol' })
  })

  test('hints at the plain port behind a failed TLS handshake', async ({ vhost }) => {
    const connecting = connect(vhost.url.replace('amqp:', 'amqps:'), { startupTimeoutMs: 300 })
    await expect(connecting).rejects.toMatchObject({ reason: 'protocol', message: expect.stringContaining('amqp://') })
  })

  test('leaves nothing behind when it fails', async ({ vhost }) => {
    const port = await serve(() => undefined)
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    await connect(`amqp://127.0.0.1:${port}`, { connectTimeoutMs: 100, startupTimeoutMs: 200 }).catch(() => undefined)
    await connect({ ...fieldsOf(vhost.url), password: 'wrong' }).catch(() => undefined)
    await eventually(() => {
      expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBeLessThanOrEqual(before)
    })
  })
})

describe('a payload the schema refuses', () => {
  test('is not sent, and the next one is', async ({ rabbit, vhost }) => {
    const producer = new Producer(rabbit, tasks)
    const wrong = producer.send({ n: 1.5 })
    await expect(wrong).rejects.toMatchObject({
      name: 'PayloadError',
      direction: 'outgoing',
      issues: [{ path: ['n'] }],
    })
    await producer.send({ n: 1 })
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 1 }))
  })
})

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

test('a service without the right to configure is told so, and can use what exists', async ({
  vhost,
  broker,
  connectTo,
  rabbit,
}) => {
  const username = `cid-${vhost.name}`
  await broker.management.createUser(username, 'cid')
  onTestFinished(async () => await broker.management.deleteUser(username))
  await broker.management.setPermissions(vhost.name, username, { configure: '^$', write: '.*', read: '.*' })
  const fields = { ...fieldsOf(vhost.url), username, password: 'cid' }
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
