import { expect, test } from 'vitest'
import { compile } from '../support/compile.js'

const before = `
import { connect, type Connection, declare, fanoutExchange, procedure, Producer, Publisher, RpcClient, RpcServer, stream, Subscriber, subscription,
  topicExchange, Worker, workQueue } from 'leveret'
import { z } from 'zod'
declare const rabbit: Connection
const emails = workQueue('emails', { payload: z.object({ to: z.string() }) })
const alarms = fanoutExchange('alarms', { payload: z.string() })
const shop = topicExchange('shop', { 'order.created': z.string(), 'order.paid': z.int() })
const orders = subscription('orders', { of: shop, bindingKeys: ['#'] })
const all = stream('all', { of: shop, bindingKeys: ['#'], retention: { maxAge: '7D' } })
const getUser = procedure('get-user', { request: z.int(), response: z.string() })
`

const batch = 'batch: { size: 10, waitMs: 100 }'

test.for([
  ['connect', `connect('amqp://localhost', { hartbeatMs: 1_000 })`, 'hartbeatMs'],
  ['connect', `connect('amqps://localhost', { tls: { pasphrase: '' } })`, 'pasphrase'],
  ['a worker', `new Worker(rabbit, emails, ({ to }) => to, { prefech: 10 })`, 'prefech'],
  ['a worker', `new Worker(rabbit, emails, () => undefined, { breaker: { failureRat: 0.1 } })`, 'failureRat'],
  ['a worker', `new Worker(rabbit, emails, ({ to }) => to, { orderBy: ({ to }) => to, prefech: 10 })`, 'prefech'],
  ['a worker', `new Worker(rabbit, emails, ({ to }) => to, { acknowlege: 'manual' })`, 'acknowlege'],
  ['a worker', `new Worker(rabbit, emails, ({ to }) => to, { acknowledge: 'manul' })`, 'manul'],
  [
    'a worker that settles itself',
    `new Worker(rabbit, emails, (_, { ack }) => ack(), { acknowledge: 'manual', prefech: 1 })`,
    'prefech',
  ],
  [
    'a worker with batches',
    `new Worker(rabbit, emails, (items) => items.length, { ${batch}, prefech: 10 })`,
    'prefech',
  ],
  ['a worker with batches', `new Worker(rabbit, emails, () => undefined, { batch: { sise: 10, waitMs: 1 } })`, 'sise'],
  ['a subscriber', `new Subscriber(rabbit, alarms, ({ payload }) => payload, { prefech: 10 })`, 'prefech'],
  [
    'a subscriber with binding keys',
    `new Subscriber(rabbit, shop, () => undefined, { bindingKeys: ['#'], prefech: 10 })`,
    'prefech',
  ],
  [
    'a durable subscriber',
    `new Subscriber(rabbit, orders, (items) => items.length, { ${batch}, prefech: 1 })`,
    'prefech',
  ],
  [
    'a reader of a stream',
    `new Subscriber(rabbit, all, (_, { ack }) => ack(), { acknowledge: 'manual', ofset: 'first' })`,
    'ofset',
  ],
  ['a server', `new RpcServer(rabbit, getUser, () => '', { prefech: 10 })`, 'prefech'],
  ['a client', `new RpcClient(rabbit, getUser, { confirmed: true })`, 'confirmed'],
  ['a call', `new RpcClient(rabbit, getUser).call(1, { timeout: 1_000 })`, 'timeout'],
  ['a send', `new Producer(rabbit, emails).send({ to: '' }, { prioriti: 3 })`, 'prioriti'],
  ['a publish', `new Publisher(rabbit, shop).publish('order.paid', 1, { mandatori: true })`, 'mandatori'],
  ['declare', `declare(rabbit, [emails], { timeout: 1_000 })`, 'timeout'],
])('a misspelt option of %s is one error of at most four lines that names it: %s', async ([_of, statement, option]) => {
  const { printed } = await compile(`${before}\n${statement}`)
  expect(printed).toContain(option)
  expect(printed.match(/error TS/g)).toHaveLength(1)
  expect(printed.trimEnd().split('\n').length).toBeLessThanOrEqual(4)
})
