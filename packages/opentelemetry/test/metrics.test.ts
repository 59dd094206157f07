import { readFileSync } from 'node:fs'
import { eventually, test } from '@leveret/testing/vitest'
import {
  AggregationTemporality,
  type DataPoint,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { connect, Producer, Publisher, Subscriber, topicExchange, Worker, workQueue } from 'leveret'
import { Registry } from 'prom-client'
import { expect, onTestFinished } from 'vitest'
import { z } from 'zod'
import { instrument, metricDefinitions } from '../src/index.js'
import { collect, prometheusName } from '../src/prom-client/index.js'

const payload = z.object({ n: z.int() })
const shop = topicExchange('shop', { 'order.*.shipped': payload })
const silent = { debug() {}, info() {}, warn() {}, error() {} }

interface Recorded {
  points(name: string): Promise<readonly DataPoint<unknown>[]>
  /** All values of attributes. */
  attributes(): Promise<string[]>
  /** How many series there are. */
  series(): Promise<number>
}

/** The metrics of OpenTelemetry, from now on until the test ends. */
function recorded(): Recorded {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  onTestFinished(instrument({ traces: false }, { meterProvider }))
  const metrics = async () => {
    await reader.forceFlush()
    return (
      exporter
        .getMetrics()
        .at(-1)
        ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? []
    )
  }
  return {
    points: async (name) => (await metrics()).find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [],
    series: async () => (await metrics()).reduce((sum, { dataPoints }) => sum + dataPoints.length, 0),
    attributes: async () =>
      (await metrics()).flatMap(({ dataPoints }) =>
        dataPoints.flatMap((point) => Object.values(point.attributes).map(String)),
      ),
  }
}

test('what is sent, handled and given up is counted, by names of the contract', async ({ vhost }) => {
  const { points } = recorded()
  const rabbit = await connect(vhost.url, { logger: silent })
  const queue = workQueue('tasks', { payload, retry: { delaysMs: [1] } })
  const worker = new Worker(rabbit, queue, ({ n }) => {
    if (n === 2) throw new TypeError('no')
  })
  let kept = 0
  worker.on('delivery.dead-lettered', () => {
    kept += 1
  })
  await worker.start()
  const producer = new Producer(rabbit, queue)
  await Promise.all([producer.send({ n: 1 }), producer.send({ n: 2 })])
  await eventually(() => expect(kept).toBe(1))
  await rabbit.close()
  const base = { 'messaging.system': 'rabbitmq', 'messaging.destination.name': 'tasks' }
  const process = { ...base, 'messaging.operation.name': 'process' }
  expect(await points('messaging.client.sent.messages')).toMatchObject([
    { attributes: { ...base, 'messaging.operation.name': 'send' }, value: 2 },
  ])
  expect(await points('messaging.client.consumed.messages')).toMatchObject([{ attributes: process, value: 3 }])
  const settlements = (await points('leveret.deliveries')).map(({ attributes, value }) => [
    attributes['leveret.settlement'],
    value,
  ])
  expect(Object.fromEntries(settlements)).toEqual({ acked: 1, retried: 1, 'dead-lettered': 1 })
  expect((await points('messaging.process.duration')).map(({ attributes }) => attributes['error.type']).sort()).toEqual(
    ['TypeError', undefined],
  )
  expect((await points('messaging.client.operation.duration'))[0]?.attributes).toHaveProperty('server.address')
  expect(await points('leveret.publish.pending')).toMatchObject([{ value: 0 }])
  expect(await points('leveret.publish.pending.bytes')).toMatchObject([{ value: 0 }])
  expect(await points('leveret.process.active')).toMatchObject([{ value: 0 }])
})

test('connections, reconnects and lost channels are measured', async ({ vhost, proxy }) => {
  const { points } = recorded()
  const rabbit = await connect(proxy.urlFor(vhost.url), { logger: silent })
  const producer = new Producer(rabbit, workQueue('tasks', { payload }))
  await producer.send({ n: 1 })
  expect(await points('leveret.connection.up')).toMatchObject([{ attributes: { 'leveret.lane': 'publish' }, value: 1 }])
  proxy.reset()
  await producer.send({ n: 2 })
  expect(await points('leveret.connection.reconnects')).toMatchObject([
    { attributes: { 'leveret.lane': 'publish', 'error.type': 'ConnectionError' }, value: 1 },
  ])
  expect(await points('leveret.channel.lost')).toMatchObject([{ attributes: { 'leveret.lane': 'publish' }, value: 1 }])
  await rabbit.close()
})

const OUTCOMES = ['refused', 'given-back']
/** `LEVERET_SUBSCRIBERS=10000` is the proof; the usual run is a small one. */
const SUBSCRIBERS = Number(process.env.LEVERET_SUBSCRIBERS ?? 50)

test(`${SUBSCRIBERS} ephemeral subscribers, each with a queue of a random name, add no attribute value and no series to one`, {
  timeout: 20_000 + SUBSCRIBERS * 50,
}, async ({ vhost }) => {
  const { attributes, series } = recorded()
  const rabbit = await connect(vhost.url, { logger: silent })
  const publisher = new Publisher(rabbit, shop)
  let got = 0
  const queues = new Set<string | undefined>()
  const subscribe = async (): Promise<Subscriber<typeof shop, ['#']>> => {
    const count = (): void => {
      got += 1
    }
    const subscriber = new Subscriber(rabbit, shop, count, { bindingKeys: ['#'] })
    await subscriber.start()
    queues.add(subscriber.queueName)
    return subscriber
  }
  await subscribe()
  await publisher.publish('order.0.shipped', { n: 0 })
  await eventually(() => expect(got).toBe(1))
  const before = new Set(await attributes())
  const seriesBefore = await series()
  for (let left = SUBSCRIBERS - 1, n = 1; left > 0; left -= 49, n += 1) {
    const subscribers = await Promise.all(Array.from({ length: Math.min(49, left) }, subscribe))
    got = 0
    // The broker refuses a message for a queue that is just being deleted, as those of the last round may be.
    await eventually(async () => await publisher.publish(`order.${n}.shipped`, { n }))
    await eventually(() => expect(got).toBeGreaterThanOrEqual(subscribers.length + 1))
    await Promise.all(subscribers.map((subscriber) => subscriber.close()))
  }
  expect(queues.size).toBe(SUBSCRIBERS)
  // What became of messages may be new, as it depends on what subscribers do when they close. Names may not.
  const added = [...new Set(await attributes())].filter((value) => !before.has(value))
  expect(added.filter((value) => !OUTCOMES.includes(value))).toEqual([])
  expect(await series()).toBeLessThanOrEqual(seriesBefore + 2 * OUTCOMES.length)
  await rabbit.close()
})

test('prom-client gets the same, under the names of Prometheus', async ({ vhost }) => {
  const registry = new Registry()
  onTestFinished(collect(registry))
  const rabbit = await connect(vhost.url, { logger: silent })
  const queue = workQueue('tasks', { payload })
  const worker = new Worker(rabbit, queue, () => undefined)
  await worker.start()
  const done = new Promise((resolve) => worker.on('delivery.acked', resolve))
  await new Producer(rabbit, queue).send({ n: 1 })
  await done
  await rabbit.close()
  const text = await registry.metrics()
  for (const name of Object.keys(metricDefinitions) as (keyof typeof metricDefinitions)[]) {
    expect(text).toContain(`# TYPE ${prometheusName(name)} `)
  }
  expect(text).toMatch(
    /^messaging_client_sent_messages_total\{messaging_system="rabbitmq",messaging_operation_name="send",messaging_destination_name="tasks"\} 1$/m,
  )
  expect(text).toMatch(/^leveret_deliveries_total\{.*leveret_settlement="acked"\} 1$/m)
  expect(text).toMatch(/^messaging_process_duration_seconds_count\{.*\} 1$/m)
})

test('the version of the scope is that of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const names = readFileSync(new URL('../src/names.ts', import.meta.url), 'utf8')
  expect(names).toContain(`VERSION = '${version}'`)
})
