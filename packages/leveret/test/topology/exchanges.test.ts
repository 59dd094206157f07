import { describe, expect } from 'vitest'
import { z } from 'zod'
import { directExchange, fanoutExchange, headersExchange, Publisher, topicExchange } from '../../src/index.js'
import { eventually, test } from '../support/support.js'

const Line = z.string()
const logs = fanoutExchange('logs', { payload: Line })

describe('what a contract says of an exchange is declared', () => {
  test('in all its settings, and those of other programs exactly', async ({ rabbit, vhost, broker }) => {
    const contract = topicExchange(
      'theirs',
      { a: Line },
      { durable: false, autoDelete: true, alternate: 'logs', arguments: { 'x-own': 'yes' } },
    )
    await new Publisher(rabbit, contract).publish('a', 'line')
    const all = await broker.management.exchanges(vhost.name)
    expect(all.find(({ name }) => name === 'theirs')).toMatchObject({
      type: 'topic',
      durable: false,
      auto_delete: true,
      internal: false,
      arguments: { 'alternate-exchange': 'logs', 'x-own': 'yes' },
    })
  })

  test("also when it is RabbitMQ's own", async ({ rabbit, vhost, broker }) => {
    await broker.management.declareQueue(vhost.name, 'mine', {})
    await broker.management.bindQueue(vhost.name, 'amq.topic', 'mine', 'order.#')
    const publisher = new Publisher(rabbit, topicExchange('amq.topic', { 'order.*': Line }))
    expect(await publisher.publish('order.created', 'line')).toMatchObject({ routed: true })
    const reports = headersExchange('amq.headers', { headers: z.object({ format: z.string() }), payload: Line })
    expect(await new Publisher(rabbit, reports).publish({ format: 'pdf' }, 'line')).toMatchObject({ routed: false })
    const reserved = new Publisher(rabbit, fanoutExchange('amq.own', { payload: Line }))
    await expect(reserved.publish('line')).rejects.toMatchObject({ name: 'BrokerError', replyCode: 403 })
  })

  test('with its sources: what they get comes here too', async ({ rabbit, vhost, broker }) => {
    const shop = topicExchange('shop', { 'order.*': Line, 'audit.*': Line })
    const orders = fanoutExchange('orders', { payload: Line, boundTo: [{ exchange: 'shop', bindingKey: 'order.*' }] })
    const early = new Publisher(rabbit, orders).publish('line')
    await expect(early).rejects.toMatchObject({
      name: 'BrokerError',
      replyCode: 404,
      replyText: expect.stringContaining("'shop'"),
    })
    await new Publisher(rabbit, shop).publish('order.created', 'no queue is bound yet')
    await new Publisher(rabbit, orders).publish('no queue is bound yet')
    await broker.management.declareQueue(vhost.name, 'all', {})
    await broker.management.bindQueue(vhost.name, 'orders', 'all')
    const publisher = new Publisher(rabbit, shop)
    expect(await publisher.publish('order.created', 'by way of orders')).toMatchObject({ routed: true })
    expect(await publisher.publish('audit.login', 'not bound')).toMatchObject({ routed: false })
    await eventually(async () => expect(await vhost.queue('all')).toMatchObject({ messages: 1 }))
  })

  test('with its alternate: unroutable messages go there', async ({ rabbit, vhost, broker }) => {
    await new Publisher(rabbit, logs).publish('declares it')
    await broker.management.declareQueue(vhost.name, 'unrouted', {})
    await broker.management.bindQueue(vhost.name, 'logs', 'unrouted')
    const publisher = new Publisher(rabbit, directExchange('main', { a: Line }, { alternate: 'logs' }))
    expect(await publisher.publish('a', 'line')).toMatchObject({ routed: true })
    await eventually(async () => expect(await vhost.queue('unrouted')).toMatchObject({ messages: 1 }))
  })

  test('an internal one is not published to', async ({ rabbit }) => {
    const publisher = new Publisher(rabbit, fanoutExchange('inside', { payload: Line, internal: true }))
    await expect(publisher.publish('line')).rejects.toMatchObject({
      name: 'PublishError',
      outcome: 'refused',
      retryable: false,
      message: expect.stringContaining("internal exchange 'inside'"),
    })
    expect(await new Publisher(rabbit, logs).publish('others go on')).toMatchObject({ routed: false })
  })
})

describe('an exchange that is otherwise than described', () => {
  test.for([
    ['durable', { durable: false }],
    ['auto_delete', { autoDelete: true }],
    ['internal', { internal: true }],
    ['alternate-exchange', { alternate: 'other' }],
  ] as const)('in %s is one clear error, and nothing is sent', async ([argument, options], { rabbit }) => {
    const publisher = new Publisher(rabbit, logs)
    await publisher.publish('line')
    const other = new Publisher(rabbit, fanoutExchange('logs', { payload: Line, ...options }))
    await expect(other.publish('line')).rejects.toMatchObject({
      name: 'TopologyMismatchError',
      kind: 'exchange',
      entity: 'logs',
      argument,
    })
    expect(rabbit.health()).toMatchObject({ ready: false, why: expect.stringContaining(argument) })
    expect(await publisher.publish('the other one goes on')).toMatchObject({ routed: false })
  })

  test("is used as it is with topology: 'check', and must exist", async ({ rabbit, connectTo }) => {
    const careful = new Publisher(
      await connectTo({ topology: 'check' }),
      fanoutExchange('logs', { payload: Line, durable: false }),
    )
    await expect(careful.publish('line')).rejects.toMatchObject({ name: 'BrokerError', replyCode: 404 })
    await new Publisher(rabbit, logs).publish('line')
    expect(await careful.publish('line')).toMatchObject({ routed: false })
  })

  test("is not asked for with topology: 'skip'", async ({ rabbit, connectTo }) => {
    const trusting = new Publisher(await connectTo({ topology: 'skip' }), logs)
    await expect(trusting.publish('line')).rejects.toMatchObject({ name: 'PublishError', outcome: 'refused' })
    await new Publisher(rabbit, logs).publish('line')
    expect(await trusting.publish('line')).toMatchObject({ routed: false })
  })
})
