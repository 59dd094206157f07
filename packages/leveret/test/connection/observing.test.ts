import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, onTestFinished, vi } from 'vitest'
import type { Topic } from '../../src/async/tracing.js'
import { diagnostics } from '../../src/connection/diagnostics.js'
import { type Diagnostics, type Logger, Producer, Worker, workQueue } from '../../src/index.js'
import { eventually, firstEvent, tasks, test } from '../support/support.js'
import { onPublishEnd } from '../support/traces.js'

/** What a connection of this name tells from now on. */
function listen<Name extends keyof Diagnostics>(connection: string, ...names: Name[]): [Name, Diagnostics[Name]][] {
  const told: [Name, Diagnostics[Name]][] = []
  for (const name of names) {
    const listener = (message: unknown): void => {
      if ((message as Diagnostics[Name]).connection === connection) told.push([name, message as Diagnostics[Name]])
    }
    subscribe(`leveret:${name}`, listener)
    onTestFinished(() => void unsubscribe(`leveret:${name}`, listener))
  }
  return told
}

interface Line {
  readonly level: string
  readonly fields: { readonly event?: string }
  readonly message: string
}

function recorder(): { logger: Logger; lines: Line[] } {
  const lines: Line[] = []
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message })
  return { logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, lines }
}

describe('diagnostics', () => {
  test('report every message when it is written, confirmed, returned and settled', async ({
    connectTo,
    vhost,
    broker,
  }) => {
    const name = `teller ${vhost.name}`
    const told = listen(name, 'published')
    const ends: unknown[] = []
    onPublishEnd(({ connection, messageId, outcome, bytes }) => {
      if (connection === name) ends.push({ messageId, outcome, bytes })
    })
    const rabbit = await connectTo({ name })
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 1 }, { messageId: 'm1' })
    await broker.management.deleteQueue(vhost.name, 'tasks')
    await producer.send({ n: 2 }, { messageId: 'm2' }).catch(() => undefined)
    await rabbit.close()
    await producer.send({ n: 3 }).catch(() => undefined)
    const message = { connection: name, exchange: '', routingKey: 'tasks', bytes: 7 }
    expect(told).toEqual([
      ['published', { ...message, messageId: 'm1' }],
      ['published', { ...message, messageId: 'm2' }],
    ])
    expect(ends).toEqual([
      { messageId: 'm1', outcome: 'confirmed', bytes: 7 },
      { messageId: 'm2', outcome: 'returned', bytes: 7 },
    ])
  })

  test('report connections, resends and channels over a loss', async ({ connectTo, proxy, vhost }) => {
    const name = `breaker ${vhost.name}`
    const told = listen(name, 'connected', 'disconnected', 'resent', 'channel-lost', 'channel-recovered')
    const rabbit = await connectTo({ name }, proxy.urlFor(vhost.url))
    const producer = new Producer(rabbit, tasks)
    const worker = new Worker(rabbit, tasks, () => undefined)
    await worker.start()
    await producer.send({ n: 0 })
    proxy.blackHole()
    const sending = producer.send({ n: 1 }, { messageId: 'twice' })
    const recovered = firstEvent(worker, 'channel.recovered')
    proxy.heal()
    proxy.reset()
    await Promise.all([sending, recovered])
    const names = told.map(([event]) => event)
    expect(names.filter((event) => event === 'connected')).toHaveLength(4)
    expect(names.filter((event) => event === 'disconnected')).toHaveLength(2)
    expect(told).toContainEqual(['channel-lost', expect.objectContaining({ lane: 'consume', purpose: 'tasks' })])
    expect(told).toContainEqual(['channel-recovered', { connection: name, lane: 'publish', purpose: 'publishing' }])
    expect(told).toContainEqual(['resent', expect.objectContaining({ messageId: 'twice' })])
  })

  test('report why a message failed', async ({ connectTo, proxy, vhost }) => {
    const name = `failing ${vhost.name}`
    const told: unknown[] = []
    onPublishEnd(({ connection, outcome, error, written }) => {
      if (connection === name && outcome !== 'confirmed') told.push({ outcome, error, written })
    })
    const rabbit = await connectTo({ name }, proxy.urlFor(vhost.url))
    const producer = new Producer(rabbit, tasks)
    // What comes before has all the time that a busy machine takes.
    await producer.send({ n: 0 })
    proxy.blackHole()
    const error: unknown = await producer.send({ n: 1 }, { timeoutMs: 300 }).catch((reason: unknown) => reason)
    expect(told).toEqual([{ outcome: 'unknown', error, written: 1 }])
    proxy.heal()
  })

  test('cost nothing without a subscriber: no message is made for them', async ({ rabbit }) => {
    const asked = Object.values(diagnostics).map((topic) => vi.spyOn(topic as Topic<object>, 'publish'))
    const worker = new Worker(rabbit, tasks, () => undefined)
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 })
    await acked
    await rabbit.close()
    expect(asked).toHaveLength(12)
    expect(asked.filter(({ mock }) => mock.calls.length > 0)).toEqual([])
  })
})

describe('a logger', () => {
  test('gets a line for what happens, with the error and without secrets', async ({ connectTo, proxy, vhost }) => {
    const { logger, lines } = recorder()
    const rabbit = await connectTo({ logger, name: 'shop' }, proxy.urlFor(vhost.url))
    const worker = new Worker(rabbit, tasks, ({ n }) => {
      if (n === 13) throw new Error('bad luck')
    })
    await worker.start()
    const kept = firstEvent(worker, 'delivery.dead-lettered')
    await new Producer(rabbit, tasks).send({ n: 13 })
    await kept
    const recovered = firstEvent(worker, 'channel.recovered')
    proxy.reset()
    await recovered
    await rabbit.close()
    const of = (event: string): Line[] => lines.filter(({ fields }) => fields.event === event)
    expect(of('connected')[0]).toMatchObject({ level: 'info', fields: { connection: 'shop', lane: 'publish' } })
    expect(of('connected')[0]?.message).toMatch(/^leveret: the publish connection to amqp:\/\/guest@127/)
    expect(of('delivery.retried').slice(0, 2)).toMatchObject([{ level: 'info' }, { level: 'info' }])
    expect(of('delivery.dead-lettered')[0]).toMatchObject({
      level: 'warn',
      message: expect.stringMatching(/attempt 3 of .* was the last .*: Error: bad luck/),
    })
    expect(of('disconnected')[0]).toMatchObject({ level: 'warn', fields: { err: { name: 'ConnectionError' } } })
    expect(of('channel.recovered')).toMatchObject([{ level: 'info', fields: { queue: 'tasks' } }])
    expect(of('closed')).toHaveLength(1)
    expect(JSON.stringify(lines)).not.toContain('guest:guest')
  })

  test('may be console, which gets the message alone', async ({ connectTo }) => {
    const info = vi.spyOn(console, 'info').mockImplementation(() => undefined)
    onTestFinished(() => info.mockRestore())
    await connectTo({ logger: console, name: 'shop' })
    expect(info.mock.calls[0]).toEqual([expect.stringContaining('leveret: the publish connection')])
  })

  test('hears of a long outage at a few attempts, not at all of them', async ({ connectTo, proxy }) => {
    const { logger, lines } = recorder()
    proxy.refuse()
    const rabbit = await connectTo({ logger, startupTimeoutMs: Number.POSITIVE_INFINITY }, proxy.url)
    let attempts = 0
    rabbit.on('connect-failed', ({ attempt }) => {
      attempts = attempt
    })
    await eventually(() => expect(attempts).toBeGreaterThanOrEqual(5), { timeoutMs: 20_000 })
    const failed = lines.filter(({ fields }) => fields.event === 'connect-failed').slice(0, 5)
    expect(failed.map(({ level }) => level)).toEqual(['warn', 'warn', 'debug', 'warn', 'debug'])
  })

  test('that throws, or rejects, affects no role', async ({ connectTo, proxy, vhost }) => {
    const warnings: string[] = []
    const onWarning = ({ message }: Error): void => void warnings.push(message)
    process.on('warning', onWarning)
    onTestFinished(() => void process.off('warning', onWarning))
    const fail = (): never => {
      throw new Error('log disk full')
    }
    const reject = async (): Promise<never> => fail()
    const logger: Logger = { debug: reject, info: reject, warn: fail, error: fail }
    const rabbit = await connectTo({ logger }, proxy.urlFor(vhost.url))
    const policy = workQueue('policy', { payload: tasks.payload, queue: { settings: 'policy' } })
    await new Producer(rabbit, policy).send({ n: 1 })
    await eventually(() => expect(warnings.filter((text) => text.includes('log disk full')).length).toBeGreaterThan(1))
  })

  test('a value that is no logger is refused by connect', async ({ connectTo }) => {
    await expect(connectTo({ logger: { info() {} } as unknown as Logger })).rejects.toMatchObject({
      name: 'OptionsError',
      message: expect.stringContaining('logger'),
    })
  })
})

describe('an event loop that stands still', () => {
  const block = (ms: number): void => {
    const until = performance.now() + ms
    while (performance.now() < until);
  }

  test('for more than half a heartbeat is reported, to the logger and as an event', async ({ connectTo }) => {
    const { logger, lines } = recorder()
    const rabbit = await connectTo({ heartbeatMs: 1_000, logger })
    const blocked = firstEvent(rabbit, 'event-loop-blocked')
    block(1_200)
    expect(await blocked).toMatchObject({ blockedMs: expect.any(Number), heartbeatMs: 1_000 })
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringMatching(/event loop was blocked for \d+ ms/) }),
    )
  })

  test('is measured against the heartbeat that the URL asks for', async ({ connectTo, vhost }) => {
    const rabbit = await connectTo({ logger: recorder().logger }, `${vhost.url}?heartbeat=1`)
    const blocked = firstEvent(rabbit, 'event-loop-blocked')
    block(1_200)
    expect(await blocked).toMatchObject({ heartbeatMs: 1_000 })
  })

  test('is a process warning without a logger, and no reason to give up a connection that stands', async ({
    connectTo,
  }) => {
    const rabbit = await connectTo({ heartbeatMs: 2_000 })
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    block(1_500)
    expect(await warned).toMatchObject({ name: 'LeveretWarning', message: expect.stringContaining('event loop') })
    await new Producer(rabbit, tasks).send({ n: 1 })
    expect(rabbit.state).toBe('ready')
  })
})
