import { describe, expect } from 'vitest'
import { z } from 'zod'
import { directExchange, fanoutExchange, headersExchange, Publisher, topicExchange } from '../../src/index.js'
import { eventually, test } from '../support/support.js'

const Order = z.object({ id: z.int() })
const shop = topicExchange('shop', { 'order.created': Order, 'order.*.shipped': z.object({ to: z.string() }) })

describe('a publisher', () => {
  test('declares its exchange, and says whether a queue is bound', async ({ rabbit, vhost, broker }) => {
    const publisher = new Publisher(rabbit, shop)
    expect(await publisher.publish('order.created', { id: 1 })).toMatchObject({ routed: false })
    await broker.management.declareQueue(vhost.name, 'billing', {})
    await broker.management.bindQueue(vhost.name, 'shop', 'billing', 'order.#')
    expect(await publisher.publish('order.eu.shipped', { to: 'Oslo' }, { messageId: 'm2' })).toEqual({
      messageId: 'm2',
      routed: true,
    })
    await eventually(async () => expect(await vhost.queue('billing')).toMatchObject({ messages: 1 }))
    expect(rabbit.health().roles).toMatchObject([{ role: 'publisher', name: 'shop', ready: true, unrouted: 1 }])
  })

  test('refuses what no template matches, and what does not fit, and sends none of it', async ({ rabbit }) => {
    const publisher = new Publisher(rabbit, shop)
    // @ts-expect-error the compiler knows the templates
    await expect(publisher.publish('oder.created', { id: 1 })).rejects.toThrow(
      `publish: no template of the exchange 'shop' matches the routing key "oder.created"; nothing was sent`,
    )
    // @ts-expect-error the payload is another template's
    await expect(publisher.publish('order.created', { to: 'Oslo' })).rejects.toMatchObject({
      name: 'PayloadError',
      contract: 'shop (order.created)',
    })
    const region: string = 'x'.repeat(300)
    await expect(publisher.publish(`order.${region}.shipped`, { to: 'Oslo' })).rejects.toThrow('at most 255 bytes')
    // @ts-expect-error the compiler knows it too
    await expect(publisher.publish('order.*.shipped', { to: 'Oslo' })).rejects.toThrow(
      "'*' and '#' are for binding keys",
    )
  })

  test('may require that a queue is bound', async ({ rabbit }) => {
    const publisher = new Publisher(rabbit, fanoutExchange('logs', { payload: z.string() }))
    await expect(publisher.publish('hello', { mandatory: true })).rejects.toMatchObject({ outcome: 'returned' })
    expect(await publisher.publish('hello')).toMatchObject({ routed: false })
  })

  test('publishes to direct and headers exchanges as their contracts say', async ({ rabbit }) => {
    const direct = new Publisher(rabbit, directExchange('direct_logs', { info: z.string(), error: Order }))
    expect(await direct.publish('error', { id: 1 })).toMatchObject({ routed: false })
    // @ts-expect-error there is no such key
    await expect(direct.publish('warning', 'x')).rejects.toThrow('no template')
    const reports = headersExchange('reports', {
      headers: z.object({ format: z.enum(['pdf', 'csv']) }),
      payload: Order,
    })
    const publisher = new Publisher(rabbit, reports)
    expect(await publisher.publish({ format: 'pdf' }, { id: 1 })).toMatchObject({ routed: false })
    // @ts-expect-error there is no such format
    await expect(publisher.publish({ format: 'doc' }, { id: 1 })).rejects.toMatchObject({ name: 'PayloadError' })
  })

  test('rejects every publish if the exchange has another type', async ({ rabbit }) => {
    await new Publisher(rabbit, shop).publish('order.created', { id: 1 })
    const other = new Publisher(rabbit, fanoutExchange('shop', { payload: Order }))
    await expect(other.publish({ id: 1 })).rejects.toMatchObject({
      name: 'TopologyMismatchError',
      kind: 'exchange',
      entity: 'shop',
      argument: 'type',
      wanted: 'fanout',
      found: 'topic',
    })
  })
})
