import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  application,
  DeadLetters,
  declarationsOf,
  declare,
  directExchange,
  fanoutExchange,
  OptionsError,
  Producer,
  Publisher,
  procedure,
  RpcClient,
  RpcServer,
  Subscriber,
  stream,
  subscription,
  topicExchange,
  Worker,
  workQueue,
} from '../../src/index.js'
import { eventually, fieldsOf, firstEvent, test } from '../support/support.js'

const payload = z.object({ n: z.int() })
const emails = workQueue('emails', { payload, retry: { delaysMs: [50] } })
const reports = workQueue('reports', { payload, retry: { delaysMs: [50, 60] }, deadLetter: { queue: 'lost' } })
const shop = topicExchange('shop', { 'order.*': payload, 'audit.#': z.string() })
const logs = fanoutExchange('logs', { payload: z.string() })
const billing = subscription('billing', { of: shop, bindingKeys: ['order.*'], retry: { delaysMs: [50] } })
const history = stream('history', { of: shop, bindingKeys: ['#'], retention: { maxAge: '7D' } })
const double = procedure('double', { request: payload, response: z.int() })
const lookUp = procedure('look-up', { request: payload, response: z.int() })

const service = application({
  name: 'shop-service',
  version: '1.2.3',
  sends: [emails],
  works: [reports],
  publishes: [shop],
  subscribes: [billing, history, logs],
  calls: [lookUp],
  answers: [double],
})

describe('an application', () => {
  test('says all that would be declared, once each and in order, as plain data', () => {
    const declarations = declarationsOf(service)
    expect(declarations.map((one) => [one.kind, one.kind === 'binding' ? one.destination : one.name])).toEqual([
      ['exchange', 'shop'],
      ['exchange', 'logs'],
      ['queue', 'emails.dead-letter'],
      ['queue', 'emails'],
      ['queue', 'lost'],
      ['queue', 'reports'],
      ['queue', 'reports.retry.50'],
      ['queue', 'reports.retry.60'],
      ['queue', 'billing.dead-letter'],
      ['queue', 'billing'],
      ['queue', 'billing.retry.50'],
      ['queue', 'history'],
      ['queue', 'double'],
      ['binding', 'billing'],
      ['binding', 'history'],
    ])
    expect(declarations).toContainEqual({
      kind: 'queue',
      name: 'history',
      durable: true,
      part: 'stream',
      arguments: { 'x-queue-type': 'stream', 'x-max-age': '7D' },
    })
    expect(declarations).toContainEqual({
      kind: 'binding',
      source: 'shop',
      to: 'queue',
      destination: 'billing',
      bindingKey: 'order.*',
      arguments: {},
    })
    expect(JSON.parse(JSON.stringify(declarations))).toEqual(declarations)
  })

  test('says of what others declare that they do, and nothing of its bindings', () => {
    const theirs = directExchange('theirs', { a: payload }, { existing: true })
    const queue = subscription('queue', {
      of: theirs,
      bindingKeys: ['a'],
      existing: true,
      retry: false,
      deadLetter: false,
    })
    expect(declarationsOf(queue)).toEqual([
      expect.objectContaining({ kind: 'exchange', name: 'theirs', existing: true }),
      { kind: 'queue', name: 'queue', durable: true, existing: true, arguments: {} },
    ])
  })

  test('is data that does not change', () => {
    expect(service).toMatchObject({ kind: 'application', name: 'shop-service', version: '1.2.3', calls: [lookUp] })
    expect(application({ name: 'a', version: '1' })).toMatchObject({ sends: [], works: [], answers: [] })
    for (const part of [service, service.sends, service.calls, declarationsOf(service)]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
  })

  test.for([
    [{ works: [shop] }, 'works.0: expected a contract made by workQueue()'],
    [{ answers: [emails] }, 'answers.0: expected a contract made by procedure()'],
    [{ subscribes: [billing, emails] }, 'subscribes.1: expected a contract made by subscription() or stream() or'],
    [{ work: [emails] }, 'there is no option work'],
    [{ name: '' }, 'name'],
  ])('is refused where a list holds something else: %o', ([options, message]) => {
    const make = (): unknown => application({ name: 'a', version: '1', ...(options as object) })
    expect(make).toThrow(OptionsError)
    expect(make).toThrow(message as string)
  })
})

describe('declare', () => {
  test('makes all that a service needs which may configure nothing', async ({
    vhost,
    rabbit,
    createUser,
    connectTo,
  }) => {
    const others = application({ name: 'others', version: '1', works: [emails], answers: [lookUp] })
    await declare(rabbit, service)
    await declare(rabbit, others, { timeoutMs: 20_000 })
    const username = await createUser('modest', 'S3cr3t-modest', { configure: '^$', write: '.*', read: '.*' })
    const fields = { ...fieldsOf(vhost.url), username, password: 'S3cr3t-modest' }
    const modest = await connectTo({ topology: 'check' }, fields)
    const fail = (): never => {
      throw new Error('no')
    }
    const worker = new Worker(modest, reports, fail)
    const reportDied = firstEvent(worker, 'delivery.dead-lettered')
    const subscriber = new Subscriber(modest, billing, fail)
    const eventDied = firstEvent(subscriber as never, 'delivery.dead-lettered')
    const read: unknown[] = []
    const reader = new Subscriber(modest, history, ({ payload }) => read.push(payload), { offset: 'first' })
    await Promise.all([worker.start(), subscriber.start(), reader.start()])
    await new RpcServer(modest, double, ({ n }) => 2 * n).start()
    await new Producer(modest, emails).send({ n: 1 })
    await new Producer(modest, reports).send({ n: 2 })
    await new Publisher(modest, shop).publish('order.new', { n: 3 })
    expect(await new RpcClient(modest, double).call({ n: 4 })).toBe(8)
    expect(await reportDied).toMatchObject({ attempt: 3, reason: 'attempts-exhausted' })
    expect(await eventDied).toMatchObject({ attempt: 2, reason: 'attempts-exhausted' })
    await eventually(() => expect(read).toEqual([{ n: 3 }]))
  })

  test('is the same again and again, and declares also where the connection only checks', async ({
    rabbit,
    connectTo,
    vhost,
  }) => {
    const careful = await connectTo({ topology: 'check' })
    await declare(careful, [emails, logs])
    const names = async (): Promise<string[]> => (await vhost.queues()).map(({ name }) => name).sort()
    expect(await names()).toEqual(['emails', 'emails.dead-letter', 'emails.retry.50'])
    await declare(rabbit, [emails, logs])
    await declare(rabbit, emails)
    await declare(rabbit, [])
    expect(await names()).toEqual(['emails', 'emails.dead-letter', 'emails.retry.50'])
  })

  test('rejects with the refusal of the broker, and disturbs no role', async ({ rabbit, vhost, broker }) => {
    await broker.management.declareQueue(vhost.name, 'emails', { 'x-queue-type': 'classic' })
    await expect(declare(rabbit, [emails])).rejects.toMatchObject({ name: 'TopologyMismatchError', entity: 'emails' })
    const missing = workQueue('missing', { payload, existing: true })
    await expect(declare(rabbit, missing)).rejects.toMatchObject({ name: 'BrokerError', replyCode: 404 })
    await new Producer(rabbit, reports).send({ n: 1 })
  })

  test('rejects with the reason of its signal, a connection that is closed, and what is no contract', async ({
    rabbit,
  }) => {
    const signal = AbortSignal.abort(new Error('not now'))
    await expect(declare(rabbit, emails, { signal })).rejects.toThrow('not now')
    // @ts-expect-error no contract
    await expect(declare(rabbit, [emails, payload])).rejects.toThrow(
      new OptionsError('declare: expected an application, a contract, or a list of these'),
    )
    // @ts-expect-error no contract
    expect(() => declarationsOf(undefined)).toThrow('declarationsOf: expected an application')
    await rabbit.close()
    await expect(declare(rabbit, emails)).rejects.toMatchObject({ name: 'ClosedError' })
  })
})

test('the dead letters of a subscription are known by their template, and those of a stream cannot be replayed', async ({
  rabbit,
}) => {
  const all = subscription('all', { of: shop, bindingKeys: ['order.*', 'audit.#'], retry: false })
  const kept = stream('kept', { of: shop, bindingKeys: ['#'], retry: false, deadLetter: {} })
  const fail = (): never => {
    throw new Error('no')
  }
  await new Subscriber(rabbit, all, fail).start()
  await new Subscriber(rabbit, kept, fail).start()
  const publisher = new Publisher(rabbit, shop)
  await publisher.publish('order.new', { n: 1 })
  await publisher.publish('audit.till', 'open')
  const letters = new DeadLetters(rabbit, all)
  const ofStream = new DeadLetters(rabbit, kept)
  await eventually(async () => expect([await letters.count(), await ofStream.count()]).toEqual([2, 2]))
  const payloads: unknown[] = []
  for (const letter of await letters.peek()) {
    if (letter.template === 'order.*') payloads.push((await letter.payload()).n)
    else if (letter.template === 'audit.#') payloads.push((await letter.payload()).toUpperCase())
  }
  expect(payloads.sort()).toEqual([1, 'OPEN'])
  expect(await letters.replay({ filter: ({ template }) => template === 'audit.#', limit: 1 })).toEqual({
    replayed: 1,
    skipped: expect.any(Number),
  })
  await expect(ofStream.replay()).rejects.toThrow(OptionsError)
  expect(await ofStream.discard({ filter: () => true })).toEqual({ discarded: 2, skipped: 0 })
})
