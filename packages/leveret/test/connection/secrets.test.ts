import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { createAuthority } from '@leveret/certificates'
import { startFaultProxy } from '@leveret/testing'
import { expect, onTestFinished } from 'vitest'
import {
  type Connection,
  type ConnectionEvents,
  type ConnectOptions,
  type ConnectTarget,
  DeadLetters,
  Producer,
  Publisher,
  RpcClient,
  RpcServer,
  Subscriber,
  topicExchange,
  Worker,
} from '../../src/index.js'
import { double } from '../support/rpc.js'
import { serve } from '../support/serve.js'
import { eventually, fieldsOf, tasks, test } from '../support/support.js'

/** Letters that nothing else prints, and then all that a URL has to encode. */
const CORE = 'S3cr3tZq9Xw7'
const PASSWORD = `${CORE}:/?#[]@%+$&= é日"\\'<>`
const HASTY = { startupTimeoutMs: 300, connectTimeoutMs: 300 }
const EVENTS: readonly (keyof ConnectionEvents)[] = [
  'connected',
  'disconnected',
  'connect-failed',
  'blocked',
  'unblocked',
  'credentials-failed',
  'event-loop-blocked',
  'closed',
]

/** All that a process could print of what it was given. */
class Printed {
  readonly texts: string[] = []

  readonly add = (...values: unknown[]): void => {
    for (const value of values) {
      this.texts.push(
        inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true, maxStringLength: null }),
      )
      this.texts.push(String(value), json(value))
      if (value instanceof Error) this.texts.push(value.stack ?? '', json({ ...value }))
    }
  }

  /** Watches the streams, the warnings and the traces of this process until the test ends. */
  watch(): void {
    const { stdout, stderr } = process
    const streams = [stdout, stderr].map((stream) => ({ stream, write: stream.write }))
    for (const { stream, write } of streams) {
      stream.write = ((...args: Parameters<typeof write>) => {
        this.texts.push(String(args[0]))
        return write.apply(stream, args)
      }) as typeof write
    }
    const traces = [...EVENTS, 'published', 'resent', 'settled', 'channel-lost', 'channel-recovered']
    const operations = ['publish', 'process', 'process-batch', 'call']
    const traced = operations.flatMap((name) => [`tracing:leveret:${name}:start`, `tracing:leveret:${name}:asyncEnd`])
    const topics = [...traces.map((name) => `leveret:${name}`), ...traced]
    for (const name of topics) subscribe(name, this.add)
    process.on('warning', this.add)
    onTestFinished(() => {
      for (const { stream, write } of streams) stream.write = write
      for (const name of topics) unsubscribe(name, this.add)
      process.off('warning', this.add)
    })
  }

  follow(rabbit: Connection): void {
    for (const name of EVENTS) rabbit.on(name, this.add)
  }

  /** Those that hold the secret in any form that gives it away. */
  get leaks(): string[] {
    return this.texts.filter((text) => FORMS.some((form) => text.includes(form)))
  }
}

/** As text, as inspect prints bytes, and as base64 at any offset. */
const FORMS = [
  CORE,
  (Buffer.from(CORE).toString('hex').match(/../g) ?? []).join(' '),
  Buffer.from(CORE).toString('hex'),
  ...[0, 1, 2].map((shift) =>
    Buffer.from(`${'.'.repeat(shift)}${CORE}`)
      .toString('base64')
      .slice(shift === 0 ? 0 : 4, -4),
  ),
]

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? ''
  } catch (error) {
    return String(error)
  }
}

function urlOf({ host, port, username, password, vhost }: ReturnType<typeof fieldsOf>, query = ''): string {
  const login = `${encodeURIComponent(username ?? '')}:${encodeURIComponent(password ?? '')}`
  return `amqp://${login}@${host}:${port}/${encodeURIComponent(vhost ?? '/')}${query}`
}

test('a search finds the secret in each of its forms', () => {
  const printed = new Printed()
  printed.add(
    { password: PASSWORD },
    Buffer.from(`\0ann\0${PASSWORD}`),
    new Error(`amqp://ann:${encodeURIComponent(PASSWORD)}@h`),
  )
  printed.add(Buffer.from(`\0ann\0${PASSWORD}`).toString('base64'))
  expect(printed.leaks.length).toBeGreaterThanOrEqual(8)
})

test('no way in which a connection can fail shows its password', async ({ createUser, vhost, broker, connectTo }) => {
  const printed = new Printed()
  printed.watch()
  const logger = { debug: printed.add, info: printed.add, warn: printed.add, error: printed.add }
  const username = await createUser('ann', PASSWORD)
  const fields = { ...fieldsOf(vhost.url), username, password: PASSWORD }
  const refused = await createUser('out', PASSWORD, 'none')
  const wrong = { ...fields, password: `${PASSWORD}!` }
  const silent = await serve(() => undefined)
  const foreign = await serve((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  const raw = `amqp://ann:${PASSWORD}@${fields.host}`
  const given = (answer: object): ConnectOptions => ({ ...HASTY, credentials: () => answer as never })
  const rejects = new Error('the vault is sealed')
  const failures: readonly (readonly [ConnectTarget, ConnectOptions?])[] = [
    [wrong],
    [urlOf(wrong)],
    [[urlOf(wrong), urlOf({ ...fields, host: '127.0.0.1', port: 1 })], HASTY],
    [urlOf({ ...fields, host: '127.0.0.1', port: 1 }), HASTY],
    [urlOf({ ...fields, host: 'no.such.host.invalid' }), HASTY],
    [urlOf({ ...fields, host: '127.0.0.1', port: silent }), HASTY],
    [urlOf({ ...fields, host: '127.0.0.1', port: foreign }), HASTY],
    [urlOf(fields).replace('amqp:', 'amqps:'), HASTY],
    [urlOf({ ...fields, vhost: 'nowhere' })],
    [urlOf({ ...fields, username: refused })],
    [raw],
    [raw.replace('#', '')],
    [`${raw}#x`],
    [urlOf(fields).replace('amqp:', 'http:')],
    [urlOf(fields).replace('@', '%zz@')],
    [urlOf(fields, '?insecure')],
    [urlOf(fields, `?password=${CORE}`)],
    [urlOf({ ...fields, port: 99_999 })],
    [{ ...fields, passwort: PASSWORD } as object],
    [{ ...fields, password: [PASSWORD] } as object],
    [[urlOf(fields), 7] as never],
    [fields, { credentials: { username, password: PASSWORD, token: PASSWORD } as never }],
    [fields, { hartbeatMs: 1, credentials: { username, password: PASSWORD } } as object],
    [fields, { credentials: { username, password: `${PASSWORD}!` } }],
    [fields, given({ username, password: `${PASSWORD}!` })],
    [fields, given({ username, password: Buffer.from(PASSWORD) })],
    [fields, given({ username, password: PASSWORD, refreshMs: PASSWORD })],
    [fields, { ...HASTY, credentials: () => Promise.reject(rejects) }],
  ]
  for (const [target, options] of failures) {
    const error: unknown = await connectTo({ logger, ...options }, target).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(Error)
    printed.add(error)
    expect(printed.leaks, inspect(error)).toEqual([])
  }

  const proxy = await startFaultProxy({ to: broker.url })
  onTestFinished(async () => await proxy.close())
  const rabbit = await connectTo({ logger }, proxy.urlFor(urlOf(fields)))
  printed.follow(rabbit)
  await new Producer(rabbit, tasks).send({ n: 1 })
  await eventually(async () => expect(await vhost.connections()).not.toHaveLength(0))
  await vhost.closeConnections('by an operator')
  await eventually(() => expect(rabbit.health()).toMatchObject({ ready: true }), { timeoutMs: 20_000 })
  proxy.reset()
  await broker.management.createUser(username, 'another')
  await eventually(() => expect(rabbit.health().why).toContain('refused the login'), { timeoutMs: 20_000 })
  printed.add(rabbit, rabbit.health())
  await rabbit.close()
  printed.add(rabbit, rabbit.health())
  expect(printed.texts.length).toBeGreaterThan(100)
  expect(printed.leaks).toEqual([])
}, 120_000)

test('no object shows the password or the key that it works with', async ({ createUser, vhost, connectTo }) => {
  const printed = new Printed()
  printed.watch()
  const username = await createUser('ann', PASSWORD)
  const fields = { ...fieldsOf(vhost.url), username, password: PASSWORD }
  const authority = await createAuthority('CA')
  const { cert, key } = await authority.issue({ commonName: 'ann', purpose: 'client' })
  for (const options of [{}, { credentials: { username, password: PASSWORD }, tls: { cert, key } }] as const) {
    const rabbit = await connectTo(options, urlOf(fields))
    const events = topicExchange('events', { a: tasks.payload })
    const worker = new Worker(rabbit, tasks, () => undefined)
    const server = new RpcServer(rabbit, double, ({ n }) => ({ doubled: 2 * n }))
    const client = new RpcClient(rabbit, double)
    const subscriber = new Subscriber(rabbit, events, () => undefined, { bindingKeys: ['#'] })
    await Promise.all([worker.start(), server.start(), subscriber.start()])
    const producer = new Producer(rabbit, tasks)
    const publisher = new Publisher(rabbit, events)
    const letters = new DeadLetters(rabbit, tasks)
    const done = [producer.send({ n: 1 }), publisher.publish('a', { n: 1 }), client.call({ n: 1 }), letters.peek()]
    printed.add(...(await Promise.all(done)))
    printed.add(rabbit, worker, server, client, subscriber, producer, publisher, letters)
    expect(printed.texts.some((text) => text.includes(key.slice(40, 80)))).toBe(false)
    expect(printed.leaks).toEqual([])
  }
})
