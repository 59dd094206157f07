import { eventually, test } from '@leveret/testing/vitest'
import { type Connection, connect, type Delivery, Subscriber, subscription, topicExchange } from 'leveret'
import { expect, onTestFinished } from 'vitest'
import winston from 'winston'
import { z } from 'zod'
import { RabbitMQTransport } from '../src/index.js'

const Line = z.looseObject({
  level: z.union([z.string(), z.int()]),
  message: z.string().optional(),
  n: z.int().optional(),
})
const logs = topicExchange('logs', { '#': Line })

interface Got {
  readonly routingKey: string
  readonly line: z.output<typeof Line>
  readonly delivery: Delivery
}

async function listen(rabbit: Connection): Promise<Got[]> {
  const got: Got[] = []
  const every = subscription('every-line', { of: logs, bindingKeys: ['#'] })
  const take = (
    { routingKey, payload: line }: { routingKey: string; payload: z.output<typeof Line> },
    delivery: Delivery,
  ): void => {
    got.push({ routingKey, line, delivery })
  }
  const reader = new Subscriber(rabbit, every, take, { concurrency: 1, prefetch: 1_000 })
  await reader.start()
  return got
}

async function open(url: string, options: Parameters<typeof connect>[1] = {}): Promise<Connection> {
  const rabbit = await connect(url, { logger: { debug() {}, info() {}, warn() {}, error() {} }, ...options })
  onTestFinished(() => rabbit.close({ timeoutMs: 1_000 }))
  return rabbit
}

test('lines arrive in their order, with service and level as routing key, and the trace that they were logged in', async ({
  vhost,
}) => {
  const rabbit = await open(vhost.url)
  const got = await listen(rabbit)
  const transport = new RabbitMQTransport({ rabbit, exchange: logs })
  const logger = winston.createLogger({
    defaultMeta: { service: 'shop' },
    format: winston.format.json(),
    transports: [transport],
  })
  const trace = { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331', trace_flags: '01' }
  for (let n = 0; n < 100; n += 1) logger.info('an order', { n, ...trace })
  logger.error('no stock', { n: 100 })
  await eventually(() => expect(got.map(({ line }) => line.n)).toEqual(Array.from({ length: 101 }, (_, n) => n)))
  expect(got[0]?.routingKey).toBe('shop.info')
  expect(got[0]?.line).toMatchObject({ level: 'info', message: 'an order', service: 'shop' })
  expect(got[0]?.delivery).toMatchObject({ type: 'info', appId: 'shop', contentType: 'application/json' })
  expect(got[0]?.delivery.headers).toEqual({
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  })
  expect(got[100]?.routingKey).toBe('shop.error')
})

test('a full buffer drops the oldest lines and never holds winston up; dropped lines are reported in a line', async ({
  vhost,
  proxy,
}) => {
  proxy.refuse()
  const rabbit = await open(proxy.urlFor(vhost.url), { startupTimeoutMs: Number.POSITIVE_INFINITY })
  const transport = new RabbitMQTransport({ rabbit, exchange: logs, bufferBytes: 10_000, closeTimeoutMs: 20_000 })
  const logger = winston.createLogger({ format: winston.format.json(), transports: [transport] })
  let drained = true
  for (let n = 0; n < 2_000; n += 1) drained = logger.write({ level: 'info', message: 'a line', n }) && drained
  expect(drained).toBe(true)
  const got = await listen(await open(vhost.url))
  await proxy.accept()
  const finished = new Promise((resolve) => transport.once('finish', resolve))
  logger.end()
  await finished
  const dropped = (): number => got.reduce((sum, { line }) => sum + Number(line.dropped ?? 0), 0)
  await eventually(() => expect(got.filter(({ line }) => line.n !== undefined).length + dropped()).toBe(2_000))
  expect(dropped()).toBeGreaterThan(1_000)
  // Those that are left are the newest.
  expect(
    got
      .map(({ line }) => line.n)
      .filter((n) => n !== undefined)
      .at(-1),
  ).toBe(1_999)
})

test('a routing key may be a function of the line', async ({ vhost }) => {
  const rabbit = await open(vhost.url)
  const got = await listen(rabbit)
  const transport = new RabbitMQTransport({ rabbit, exchange: logs, routingKey: ({ level }) => `billing.${level}` })
  const logger = winston.createLogger({ transports: [transport] })
  logger.warn('late')
  await transport.flush()
  await eventually(() => expect(got.map(({ routingKey }) => routingKey)).toEqual(['billing.warn']))
})

test('what cannot be written as JSON, and a routing key that throws, cost no other line and never reach the application', async ({
  vhost,
}) => {
  const rabbit = await open(vhost.url)
  const got = await listen(rabbit)
  const transport = new RabbitMQTransport({
    rabbit,
    exchange: logs,
    routingKey: ({ message }) => {
      if (message === 'no key') throw new Error('no key')
      return 'shop.info'
    },
  })
  const printed = winston.format.printf(({ message }) => String(message))
  const logger = winston.createLogger({ format: printed, transports: [transport] })
  const failures: unknown[] = []
  logger.on('error', (error) => failures.push(error))
  const order: Record<string, unknown> = { n: 1 }
  order.itself = order
  logger.info('circular', { order })
  logger.info('no key')
  logger.info('last')
  await eventually(() => expect(got.map(({ line }) => line.message)).toEqual(['circular', 'last']))
  expect(got[0]?.line.unwritten).toMatch(/circular/)
  expect(failures).toEqual([])
})
