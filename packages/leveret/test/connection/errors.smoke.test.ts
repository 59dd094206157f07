import { inspect } from 'node:util'
import { startFaultProxy } from '@leveret/testing'
import { expect, onTestFinished } from 'vitest'
import { z } from 'zod'
import { SenderShare } from '../../src/connection/queued-messages.js'
import { type Connection, type ConnectOptions, connect, Producer, text, Worker, workQueue } from '../../src/index.js'
import { newMessageId } from '../../src/message/message-id.js'
import { publishEngineOf } from '../../src/publishing/engine/publish-engine-of.js'
import { SenderLine } from '../../src/publishing/engine/turns.js'
import { describeError } from '../support/describe-error.js'
import { serve } from '../support/serve.js'
import { eventually, fieldsOf, tasks, test } from '../support/support.js'

const PASSWORD = 'S3cr3t-päss/wörd'
const HASTY = { startupTimeoutMs: 300, connectTimeoutMs: 200 }
const missing = workQueue('missing', { payload: z.string(), deadLetter: false, retry: false })
const single = workQueue('tasks', { payload: tasks.payload, queue: { singleActive: true } })

/** Does what goes wrong, in one error. */
type Provoke = () => unknown

test('every error has what a program decides by and what a person reads, and contains no password', async ({
  createUser,
  vhost,
  broker,
  connectTo,
}) => {
  const username = await createUser('zoe', PASSWORD)
  await broker.management.setPolicy(vhost.name, 'small', {
    pattern: '^full$',
    definition: { 'max-length': 1 },
    'apply-to': 'queues',
  })
  const fields = { ...fieldsOf(vhost.url), username, password: PASSWORD }
  const url = `amqp://${username}:${encodeURIComponent(PASSWORD)}@${fields.host}:${fields.port}/${vhost.name}`
  const rabbit = await connectTo({}, fields)
  const producer = new Producer(rabbit, tasks)
  await producer.send({ n: 0 })
  const closed = await connect(fields)
  await closed.close()

  const connectToPort = (port: number): Promise<unknown> => connect({ ...fields, host: '127.0.0.1', port }, HASTY)
  const behindProxy = async (options: ConnectOptions, fault: 'silent' | 'away'): Promise<Connection> => {
    const proxy = await startFaultProxy({ to: url })
    onTestFinished(async () => await proxy.close())
    const connection = await connectTo(options, proxy.url)
    await new Producer(connection, tasks).send({ n: 0 })
    if (fault === 'silent') proxy.blackHole()
    else {
      proxy.refuse()
      proxy.reset()
      await eventually(() => expect(connection.health().why).toContain('ECONNREFUSED'))
    }
    return connection
  }
  const checking = await connectTo({ topology: 'check' }, fields)
  const deaf = await connectTo({}, fields)
  const publishTo = async (exchange: string): Promise<void> => {
    const properties = { contentType: 'text/plain', deliveryMode: 2, messageId: newMessageId() }
    const message = { exchange, routingKey: 'x', content: Buffer.from('x'), properties, mandatory: true }
    await publishEngineOf(rabbit).submit({
      message,
      topology: [],
      timeoutMs: 10_000,
      line: new SenderLine(),
      share: new SenderShare(),
    })
  }

  const failures: Record<string, Provoke> = {
    'connect: not a URL': () => connect('localhost:5672'),
    'connect: a # in the URL': () => connect(`amqp://zoe:${PASSWORD}#@localhost`),
    'connect: no such option': () => connect(fields, { hartbeatMs: 1 } as object),
    'connect: a bad option': () => connect(fields, { heartbeatMs: 1_500 }),
    'connect: no broker': () => connect([]),
    'connect: no listener': () => connectToPort(1),
    'connect: no answer': async () => await connectToPort(await serve(() => undefined)),
    'connect: no AMQP': async () =>
      await connectToPort(await serve((socket) => socket.end('HTTP/1.1 400 Bad\r\n\r\n'))),
    'connect: TLS to a plain port': () => connect({ ...fields, protocol: 'amqps' }, HASTY),
    'connect: wrong password': () => connect({ ...fields, password: `${PASSWORD}!` }),
    'connect: no such vhost': () => connect({ ...fields, vhost: 'nowhere' }),
    'connect: no right to the vhost': () => connect({ ...fields, vhost: '/' }),
    'workQueue: a contradiction': () =>
      workQueue('q', { payload: z.string(), queue: { durable: false, type: 'classic' } }),
    'send: the payload does not fit': () => producer.send({ n: 1.5 }),
    'send: a reserved header': () => producer.send({ n: 1 }, { headers: { 'x-death': 1 } }),
    'send: delayed for too long': () => producer.send({ n: 1 }, { delayMs: 31_622_400_001 }),
    'send: too large': async () =>
      await new Producer(await connectTo({ maxMessageBytes: 3 }, fields), tasks).send({ n: 1 }),
    'send: aborted': () => producer.send({ n: 1 }, { signal: AbortSignal.abort() }),
    'send: the queue has other arguments': () => new Producer(rabbit, single).send({ n: 1 }),
    'send: there is no queue (check)': () => new Producer(checking, missing).send('x'),
    'send: there is no queue (skip)': async () =>
      await new Producer(await connectTo({ topology: 'skip' }, fields), missing).send('x'),
    'send: the queue is full': async () => {
      const full = new Producer(rabbit, workQueue('full', { payload: z.string(), codec: text }))
      for (let n = 0; n < 50; n += 1) await full.send('x')
    },
    'send: the broker is silent': async () =>
      await new Producer(await behindProxy({}, 'silent'), tasks).send({ n: 1 }, { timeoutMs: 200 }),
    'send: the broker is away': async () =>
      await new Producer(await behindProxy({}, 'away'), tasks).send({ n: 1 }, { timeoutMs: 200 }),
    'send: the broker is away, and failFast': async () =>
      await new Producer(await behindProxy({}, 'away'), tasks).send({ n: 1 }, { failFast: true }),
    'send: the broker is away, and too many wait': async () => {
      const waiting = new Producer(await behindProxy({ maxQueued: 1 }, 'away'), tasks)
      waiting.send({ n: 1 }, { timeoutMs: 100 }).catch(() => undefined)
      await waiting.send({ n: 2 })
    },
    'send: the producer is closed': async () => {
      const done = new Producer(rabbit, tasks)
      await done.close()
      await done.send({ n: 1 })
    },
    'publish: there is no such exchange': () => publishTo('gone'),
    'worker: there is no queue (check)': () => new Worker(checking, missing, () => undefined).start(),
    'worker: the broker is silent': async () =>
      await new Worker(await behindProxy({ startupTimeoutMs: 400 }, 'silent'), tasks, () => undefined).start(),
    'worker: the connection is closed': () => new Worker(closed, tasks, () => undefined),
    'send: no right to declare': async () => {
      await broker.management.setPermissions(vhost.name, username, { configure: '^$', write: '.*', read: '.*' })
      await new Producer(deaf, workQueue('new', { payload: z.string(), deadLetter: false })).send('x')
    },
    'send: no right to write': async () => {
      await broker.management.setPermissions(vhost.name, username, { configure: '.*', write: '^$', read: '.*' })
      await new Producer(deaf, tasks).send({ n: 1 })
    },
  }
  const lines: string[] = []
  for (const [name, provoke] of Object.entries(failures)) {
    const error: unknown = await (async () => await provoke())().catch((reason: unknown) => reason)
    lines.push(`${name}\n${describeError(error)}`)
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('S3cr3t')
  }
  expect(inspect(rabbit, { depth: 10, showHidden: true })).not.toContain('S3cr3t')
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "connect: not a URL
      OptionsError final
      connect: invalid URL localhost:5672: it must start with 'amqp://' or 'amqps://'
    connect: a # in the URL
      OptionsError final
      connect: invalid URL amqp://***@localhost: it holds a '#': encode '#' as %23
    connect: no such option
      OptionsError final
      connect: there is no option hartbeatMs
    connect: a bad option
      OptionsError final
      connect: heartbeatMs: Invalid number: must be a multiple of 1000
    connect: no broker
      OptionsError final
      connect: the list of brokers is empty
    connect: no listener
      ConnectionError unreachable retryable
      Cannot connect to amqp://zoe-<vhost>@<host>:<port>/<vhost>: connect ECONNREFUSED <host>:<port>
    connect: no answer
      ConnectionError timeout retryable
      Cannot connect to amqp://zoe-<vhost>@<host>:<port>/<vhost>: no AMQP handshake within 200 ms
    connect: no AMQP
      ConnectionError protocol retryable
      Cannot connect to amqp://zoe-<vhost>@<host>:<port>/<vhost>: the peer does not speak AMQP 0-9-1. Is <port> a TLS port? Then use amqps://
    connect: TLS to a plain port
      ConnectionError protocol retryable
      Cannot connect to amqps://zoe-<vhost>@<host>:<port>/<vhost>: TLS failed (wrong version number). Is <port> a plain AMQP port? Then use amqp://
    connect: wrong password
      ConnectionError login-refused final
      amqp://zoe-<vhost>@<host>:<port>/<vhost> refused the login of 'zoe-<vhost>' (403 ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile.)
    connect: no such vhost
      ConnectionError vhost-not-found final
      amqp://zoe-<vhost>@<host>:<port>/nowhere: there is no vhost 'nowhere' (530 NOT_ALLOWED - vhost nowhere not found)
    connect: no right to the vhost
      ConnectionError vhost-refused final
      amqp://zoe-<vhost>@<host>:<port>: 'zoe-<vhost>' may not use the vhost '/'; grant it with rabbitmqctl set_permissions (530 NOT_ALLOWED - access to vhost '/' refused for user 'zoe-<vhost>')
    workQueue: a contradiction
      OptionsError final
      workQueue('q'): queue.durable: a queue that is not durable needs legacyTransient: true, and a broker that still permits such queues
    send: the payload does not fit
      PayloadError outgoing final
      The payload was not sent to 'tasks': at n: Invalid input: expected int, received number
    send: a reserved header
      OptionsError final
      send: headers: x-death: RabbitMQ itself writes it, or acts on it
    send: delayed for too long
      OptionsError final
      send: delayMs: at most 366 days; keep later tasks in a database
    send: too large
      PublishError not-sent final
      The message <id> to queue 'tasks' was not sent: its content has 7 bytes and maxMessageBytes is 3
    send: aborted
      PublishError not-sent retryable
      The message <id> to queue 'tasks' was not sent: its signal was aborted
    send: the queue has other arguments
      TopologyMismatchError x-single-active-consumer final
      The queue 'tasks' exists with other arguments: x-single-active-consumer should be true, but the broker has none. To use it as it is, write queue: { type: 'quorum' } or existing: true in the contract. Otherwise give the contract a new name, or move the messages away and delete the queue, or connect with topology: 'check'. RabbitMQ names one difference at a time; \`leveret topology plan\` or the management page shows all of them.
    send: there is no queue (check)
      BrokerError 404 final
      Checking the queue 'missing': the broker answered 404 NOT_FOUND: no queue 'missing' in vhost '<vhost>'. Declare it, or correct its name
    send: there is no queue (skip)
      PublishError returned final
      The message <id> to queue 'missing' was returned: there is no such queue (312 NO_ROUTE)
    send: the queue is full
      PublishError refused retryable
      The message <id> to queue 'full' was refused: the broker answered basic.nack, for example because a queue is full
    send: the broker is silent
      PublishError unknown retryable
      The message <id> to queue 'tasks' may or may not have been stored: no confirm came within 200 ms; send it again under the same messageId
    send: the broker is away
      PublishError not-sent retryable
      The message <id> to queue 'tasks' was not sent: sending was not possible within 200 ms: Cannot connect to amqp://zoe-<vhost>@<host>:<port>/<vhost>: connect ECONNREFUSED <host>:<port>
    send: the broker is away, and failFast
      PublishError not-sent retryable
      The message <id> to queue 'tasks' was not sent: it would have to wait, and failFast is set: Cannot connect to amqp://zoe-<vhost>@<host>:<port>/<vhost>: connect ECONNREFUSED <host>:<port>
    send: the broker is away, and too many wait
      PublishError not-sent retryable
      The message <id> to queue 'tasks' was not sent: maxQueued (1) is reached: too many messages are waiting: Cannot connect to amqp://zoe-<vhost>@<host>:<port>/<vhost>: connect ECONNREFUSED <host>:<port>
    send: the producer is closed
      PublishError not-sent final
      The message <id> to queue 'tasks' was not sent: The sender of 'tasks' has been closed
    publish: there is no such exchange
      PublishError refused final
      The message <id> to exchange 'gone' was refused: the broker answered 404 NOT_FOUND: no exchange 'gone' in vhost '<vhost>'. Declare it, or correct its name
    worker: there is no queue (check)
      BrokerError 404 final
      Checking the queue 'missing': the broker answered 404 NOT_FOUND: no queue 'missing' in vhost '<vhost>'. Declare it, or correct its name
    worker: the broker is silent
      ConnectionError timeout retryable
      The worker of 'tasks' was not attached within 400 ms: the broker has not answered
    worker: the connection is closed
      ClosedError final
      The connection has been closed
    send: no right to declare
      BrokerError 403 final
      Declaring the queue 'new': the broker answered 403 ACCESS_REFUSED: access to queue 'new' in vhost '<vhost>' refused for user 'zoe-<vhost>'. Grant the right with rabbitmqctl set_permissions
    send: no right to write
      PublishError refused final
      The message <id> to queue 'tasks' was refused: the broker answered 403 ACCESS_REFUSED: access to exchange 'amq.default' in vhost '<vhost>' refused for user 'zoe-<vhost>'. Grant the right with rabbitmqctl set_permissions"
  `)
}, 60_000)
