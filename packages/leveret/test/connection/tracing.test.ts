import { AsyncLocalStorage } from 'node:async_hooks'
import { channel } from 'node:diagnostics_channel'
import { describe, expect, onTestFinished } from 'vitest'
import { z } from 'zod'
import {
  type CallTrace,
  DeadLetters,
  encodeMessage,
  type ProcessBatchTrace,
  type ProcessTrace,
  Producer,
  Publisher,
  type PublishTrace,
  RpcClient,
  RpcServer,
  type SettledDelivery,
  Subscriber,
  sendEncoded,
  topicExchange,
  Worker,
  workQueue,
} from '../../src/index.js'
import { double } from '../support/rpc.js'
import { eventually, firstEvent, gate, tasks, test } from '../support/support.js'
import { onPublishEnd, onTopic } from '../support/traces.js'

const shop = topicExchange('shop', { 'order.*.shipped': z.object({ n: z.int() }) })
const once = workQueue('once', { payload: tasks.payload, retry: false })

/** The random names that no metric may be counted by. */
const RANDOM = /amq\.|leveret-[0-9a-f]|[0-9a-f]{8}-/

describe('tracing:leveret:publish', () => {
  test('distinguishes copies and replies from messages of users, and names each destination without random parts', async ({
    rabbit,
  }) => {
    const traces: PublishTrace[] = []
    onPublishEnd((trace) => traces.push(trace))
    const worker = new Worker(rabbit, workQueue('twice', { payload: tasks.payload, retry: { delaysMs: [1] } }), () => {
      throw new Error('no')
    })
    const kept = firstEvent(worker, 'delivery.dead-lettered')
    const server = new RpcServer(rabbit, double, ({ n }) => ({ doubled: 2 * n }))
    await Promise.all([worker.start(), server.start()])
    const twice = workQueue('twice', { payload: tasks.payload, retry: { delaysMs: [1] } })
    await new Producer(rabbit, twice).send({ n: 1 })
    await kept
    await worker.close()
    await new DeadLetters(rabbit, twice).replay()
    await new Publisher(rabbit, shop).publish('order.7.shipped', { n: 7 })
    await new RpcClient(rabbit, double).call({ n: 2 })
    await sendEncoded(rabbit, await encodeMessage(twice, { n: 3 }))
    await eventually(() => expect(traces.some(({ kind }) => kind === 'reply')).toBe(true))
    const told = traces.map(({ role, kind, destination, outcome }) => [role, kind, destination, outcome].join(' '))
    expect(told.sort()).toEqual(
      [
        'producer message twice confirmed',
        'worker retry twice confirmed',
        'worker dead-letter twice confirmed',
        'dead-letters replay twice confirmed',
        'publisher message shop:order.*.shipped confirmed',
        'rpc-client request double written',
        'rpc-server reply double written',
        'relay message twice confirmed',
      ].sort(),
    )
    for (const { destination, contract } of traces) expect(`${destination} ${contract}`).not.toMatch(RANDOM)
    expect(traces.find(({ template }) => template !== undefined)).toMatchObject({
      template: 'order.*.shipped',
      exchange: 'shop',
      routingKey: 'order.7.shipped',
      server: { address: expect.any(String), port: expect.any(Number) },
    })
  })

  test('sends the headers that a subscriber adds, in the context of the sender, and leaves the caller’s object alone', async ({
    rabbit,
    broker,
    vhost,
  }) => {
    const request = new AsyncLocalStorage<string>()
    const headers = { tenant: 'acme' }
    onTopic<PublishTrace>('tracing:leveret:publish:start', (trace) => {
      trace.headers.traceparent = `trace of ${request.getStore()}`
    })
    await request.run('request 1', () => new Producer(rabbit, tasks).send({ n: 1 }, { headers }))
    const [message] = await broker.management.get(vhost.name, 'tasks')
    expect(message?.properties.headers).toMatchObject({ tenant: 'acme', traceparent: 'trace of request 1' })
    expect(headers).toEqual({ tenant: 'acme' })
  })

  test('leaves out what no sender may set, with one warning, and sends the message', async ({ rabbit }) => {
    const warned = new Promise<Error & { code?: string }>((resolve) => process.once('warning', resolve))
    onTopic<PublishTrace>('tracing:leveret:publish:start', (trace) => {
      trace.headers['x-death'] = 'forged'
    })
    const worker = new Worker(rabbit, tasks, (_task, { headers }) => headers['x-death'])
    await new Producer(rabbit, tasks).send({ n: 1 })
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    await acked
    expect(await warned).toMatchObject({ code: 'LEVERET_TRACE_HEADERS', message: expect.stringContaining('x-death') })
  })
})

describe('tracing:leveret:process', () => {
  test('is around each call of a handler, and ends with what became of the delivery', async ({ rabbit }) => {
    const told: unknown[] = []
    onTopic<ProcessTrace>('tracing:leveret:process:start', ({ contract, delivery }) => {
      told.push(['start', contract, delivery.attempt])
    })
    onTopic<ProcessTrace>('tracing:leveret:process:asyncEnd', ({ settlement, error, reason }) => {
      told.push(['end', settlement, error instanceof Error ? error.message : error, reason])
    })
    const thrice = workQueue('thrice', { payload: tasks.payload, retry: { delaysMs: [1] } })
    const worker = new Worker(rabbit, thrice, (_task, { attempt }) => {
      throw new Error(`no ${attempt}`)
    })
    const kept = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    await new Producer(rabbit, thrice).send({ n: 1 })
    await kept
    await eventually(() => expect(told).toHaveLength(4))
    // The next attempt may begin before the broker has confirmed its copy.
    expect(told).toEqual(
      expect.arrayContaining([
        ['start', 'thrice', 1],
        ['end', 'retried', 'no 1', undefined],
        ['start', 'thrice', 2],
        ['end', 'dead-lettered', 'no 2', 'attempts-exhausted'],
      ]),
    )
  })

  test('runs 40 handlers that waited for a slot each in the scope and the store of its own delivery', async ({
    rabbit,
  }) => {
    const [store, scope] = [new AsyncLocalStorage<ProcessTrace>(), new AsyncLocalStorage<number>()]
    const start = channel('tracing:leveret:process:start')
    start.bindStore(store, (trace) => trace as ProcessTrace)
    onTestFinished(() => void start.unbindStore(store))
    onTopic<ProcessTrace>('tracing:leveret:process:start', (trace) => {
      trace.run = (call) => scope.run(trace.deliveryTag, call)
    })
    const hold = gate()
    const seen: boolean[] = []
    const worker = new Worker(
      rabbit,
      once,
      async (_task, delivery) => {
        await hold.opened
        seen.push(store.getStore()?.delivery === delivery && scope.getStore() === store.getStore()?.deliveryTag)
      },
      { concurrency: 4, prefetch: 40 },
    )
    await worker.start()
    const producer = new Producer(rabbit, once)
    await Promise.all(Array.from({ length: 40 }, (_, n) => producer.send({ n })))
    hold.open()
    await eventually(() => expect(seen).toHaveLength(40))
    expect(seen.every(Boolean)).toBe(true)
  })

  test('of a batch is one trace of all its deliveries on tracing:leveret:process-batch', async ({ rabbit }) => {
    const single: unknown[] = []
    const batches: ProcessBatchTrace[] = []
    onTopic('tracing:leveret:process:start', (trace) => single.push(trace))
    onTopic<ProcessBatchTrace>('tracing:leveret:process-batch:asyncEnd', (trace) => batches.push(trace))
    const worker = new Worker(rabbit, once, () => undefined, { batch: { size: 10, waitMs: 60_000 } })
    const producer = new Producer(rabbit, once)
    await Promise.all(Array.from({ length: 10 }, (_, n) => producer.send({ n })))
    await worker.start()
    await eventually(() => expect(batches).toHaveLength(1))
    expect(batches[0]?.items).toHaveLength(10)
    expect(batches[0]).toMatchObject({ contract: 'once', role: 'worker' })
    expect(single).toEqual([])
  })
})

test('leveret:settled reports each delivery: its contract, attempt, duration and settlement', async ({ rabbit }) => {
  const told: SettledDelivery[] = []
  onTopic<SettledDelivery>('leveret:settled', (message) => told.push(message))
  const worker = new Worker(rabbit, once, ({ n }) => {
    if (n === 2) throw new Error('no')
  })
  const subscriber = new Subscriber(rabbit, shop, () => undefined, { bindingKeys: ['#'] })
  await Promise.all([worker.start(), subscriber.start()])
  const producer = new Producer(rabbit, once)
  await producer.send({ n: 1 })
  await producer.send({ n: 2 })
  await new Publisher(rabbit, shop).publish('order.1.shipped', { n: 1 })
  await eventually(() => expect(told).toHaveLength(3))
  const by = (settlement: string, role: string): SettledDelivery | undefined =>
    told.find((message) => message.settlement === settlement && message.role === role)
  expect(by('acked', 'worker')).toMatchObject({ contract: 'once', queue: 'once', attempt: 1, isEphemeral: false })
  expect(by('acked', 'worker')?.durationMs).toBeGreaterThan(0)
  expect(by('dead-lettered', 'worker')).toMatchObject({ reason: 'attempts-exhausted', error: { message: 'no' } })
  const event = by('acked', 'subscriber')
  expect(event).toMatchObject({ contract: 'shop', isEphemeral: true, template: 'order.*.shipped' })
  expect(event?.queue).toMatch(/^amq\./)
})

test('tracing:leveret:call is around its request, and ends with the answer', async ({ rabbit }) => {
  const scope = new AsyncLocalStorage<string>()
  const told: unknown[] = []
  onTopic<CallTrace>('tracing:leveret:call:start', (trace) => {
    trace.run = (call) => scope.run('the call', call)
  })
  onTopic<PublishTrace>('tracing:leveret:publish:start', ({ kind }) => {
    if (kind === 'request') told.push(scope.getStore())
  })
  onTopic<CallTrace>('tracing:leveret:call:asyncEnd', ({ contract, error }) => told.push([contract, error]))
  const server = new RpcServer(rabbit, double, ({ n }) => ({ doubled: 2 * n }))
  await server.start()
  expect(await new RpcClient(rabbit, double).call({ n: 4 })).toEqual({ doubled: 8 })
  await eventually(() => expect(told).toEqual(['the call', ['double', undefined]]))
})
