import { describe, expect, expectTypeOf } from 'vitest'
import { z } from 'zod'
import {
  type Delivery,
  directExchange,
  fanoutExchange,
  headersExchange,
  Publisher,
  Subscriber,
  subscription,
  topicExchange,
} from '../../src/index.js'
import { eventually, gate, test } from '../support/support.js'

const Created = z.object({ id: z.int(), at: z.iso.datetime().transform((text) => new Date(text)) })
const Shipped = z.object({ id: z.int(), to: z.string() })
const shop = topicExchange('shop', {
  'order.created': Created,
  'order.*.shipped': Shipped,
  'audit.#': z.object({ line: z.string() }),
})
const AT = '2026-01-01T00:00:00Z'

describe('a subscriber', () => {
  test('gets what its binding keys bring, typed by template', async ({ rabbit }) => {
    const seen: unknown[] = []
    const subscriber = new Subscriber(
      rabbit,
      shop,
      (event, delivery) => {
        expectTypeOf(delivery).toEqualTypeOf<Delivery>()
        expectTypeOf(event.template).toEqualTypeOf<'order.created' | 'order.*.shipped'>()
        if (event.template === 'order.created') seen.push(event.payload.at)
        else seen.push([event.routingKey, event.payload.to])
      },
      { bindingKeys: ['order.#'] },
    )
    await subscriber.start()
    expect(subscriber.queueName).toMatch(/^amq\.gen/)
    const publisher = new Publisher(rabbit, shop)
    await publisher.publish('order.created', { id: 1, at: AT })
    await publisher.publish('audit.shop.till', { line: 'opened' })
    expect(await publisher.publish('order.eu.shipped', { id: 1, to: 'Oslo' })).toMatchObject({ routed: true })
    await eventually(() => expect(seen).toHaveLength(2))
    expect(seen).toEqual([new Date(AT), ['order.eu.shipped', 'Oslo']])
    expect(rabbit.health().roles[0]).toMatchObject({ role: 'subscriber', name: 'shop', ready: true })
  })

  test('that asks for what the exchange never carries does not compile', ({ rabbit }) => {
    const handler = (): void => undefined
    // @ts-expect-error the binding key 'oder.#' can match no message of the exchange 'shop'
    const wrong = (): unknown => new Subscriber(rabbit, shop, handler, { bindingKeys: ['oder.#', 'audit.x'] })
    expect(wrong).toThrow(
      "Subscriber: the binding key 'oder.#' can match no message of the topic exchange 'shop', whose templates are 'order.created', 'order.*.shipped', 'audit.#'",
    )
    // @ts-expect-error a topic exchange needs binding keys
    expect(() => new Subscriber(rabbit, shop, handler)).toThrow('bindingKeys are missing for the topic exchange')
    const logs = fanoutExchange('logs', { payload: z.string() })
    // @ts-expect-error a fanout exchange has none
    const make = (): unknown => new Subscriber(rabbit, logs, handler, { bindingKeys: ['x'] })
    expect(make).toThrow('bindingKeys are for direct and topic exchanges')
  })

  test('of a fanout, direct or headers exchange gets its part', async ({ rabbit }) => {
    const seen: unknown[] = []
    const logs = fanoutExchange('logs', { payload: z.string() })
    const levels = directExchange('direct_logs', { info: z.string(), error: z.object({ code: z.int() }) })
    const reports = headersExchange('reports', {
      headers: z.object({ format: z.enum(['pdf', 'csv']), year: z.int() }),
      payload: z.string(),
    })
    await new Subscriber(rabbit, logs, ({ payload }) => void seen.push(payload)).start()
    await new Subscriber(rabbit, levels, ({ template, payload }) => void seen.push([template, payload.code]), {
      bindingKeys: ['error'],
    }).start()
    await new Subscriber(rabbit, reports, ({ headers, payload }) => void seen.push([headers.year, payload]), {
      headers: [{ format: 'pdf' }],
    }).start()
    await new Publisher(rabbit, logs).publish('hello')
    await new Publisher(rabbit, levels).publish('error', { code: 7 })
    expect(await new Publisher(rabbit, levels).publish('info', 'fine')).toMatchObject({ routed: false })
    await new Publisher(rabbit, reports).publish({ format: 'pdf', year: 2026 }, 'all well')
    expect(await new Publisher(rabbit, reports).publish({ format: 'csv', year: 2026 }, 'x')).toMatchObject({
      routed: false,
    })
    await eventually(() => expect(seen).toHaveLength(3))
    expect(seen).toEqual(expect.arrayContaining(['hello', ['error', 7], [2026, 'all well']]))
  })

  test('with a queue misses nothing while no instance runs, retries for itself alone, and keeps failed events', async ({
    rabbit,
    vhost,
  }) => {
    const billing = subscription('billing', {
      of: shop,
      bindingKeys: ['order.*.shipped'],
      retry: { delaysMs: [50] },
    })
    const first = new Subscriber(rabbit, billing, () => undefined)
    await first.start()
    await first.close()
    const others: unknown[] = []
    await new Subscriber(rabbit, shop, ({ payload }) => void others.push(payload.id), {
      bindingKeys: ['order.*.shipped'],
    }).start()
    const publisher = new Publisher(rabbit, shop)
    await publisher.publish('order.eu.shipped', { id: 1, to: 'Oslo' })
    await publisher.publish('order.us.shipped', { id: 2, to: 'Rome' })
    const seen: unknown[] = []
    const second = new Subscriber(rabbit, billing, ({ template, routingKey, payload }, { attempt, exchange }) => {
      seen.push([payload.id, attempt, template, routingKey, exchange])
      if (payload.id === 1) throw new Error('no')
    })
    await second.start()
    await eventually(() => expect(seen).toHaveLength(3))
    expect(seen).toContainEqual([1, 2, 'order.*.shipped', 'order.eu.shipped', 'shop'])
    await eventually(async () => expect(await vhost.queue('billing.dead-letter')).toMatchObject({ messages: 1 }))
    expect(others).toEqual([1, 2])
  })

  test('that is ephemeral reports its gap, and has a new queue with all bindings afterwards', async ({
    rabbit,
    vhost,
  }) => {
    const seen: unknown[] = []
    const subscriber = new Subscriber(rabbit, shop, ({ payload }) => void seen.push(payload), {
      bindingKeys: ['order.created', 'audit.#'],
    })
    const gaps: unknown[] = []
    subscriber.on('gap', (gap) => gaps.push(gap))
    await subscriber.start()
    const before = subscriber.queueName
    await eventually(async () => expect(await vhost.connections()).toHaveLength(2))
    await vhost.closeConnections()
    await eventually(() => expect(gaps).toHaveLength(1))
    expect(gaps).toEqual([{ role: 'subscriber', queue: subscriber.queueName, durationMs: expect.any(Number) }])
    expect(subscriber.queueName).not.toBe(before)
    await new Publisher(rabbit, shop).publish('audit.till', { line: 'open' })
    await eventually(() => expect(seen).toEqual([{ line: 'open' }]))
  })

  test('reports a binding that it does not have, and keeps what that brings after its last attempt', async ({
    rabbit,
    vhost,
    broker,
  }) => {
    const unexpected: unknown[] = []
    const audits = subscription('audits', { of: shop, bindingKeys: ['audit.#'], retry: { delaysMs: [50] } })
    const subscriber = new Subscriber(rabbit, audits, () => undefined)
    subscriber.on('binding.unexpected', (event) => unexpected.push(event))
    await subscriber.start()
    await broker.management.bindQueue(vhost.name, 'shop', 'audits', 'order.#')
    const publisher = new Publisher(rabbit, shop)
    for (const id of [1, 2]) await publisher.publish('order.created', { id, at: AT })
    await broker.management.publish(vhost.name, { exchange: 'shop', routingKey: 'order.unheard.of', payload: '1' })
    await eventually(async () => expect(await vhost.queue('audits.dead-letter')).toMatchObject({ messages: 3 }))
    expect(unexpected).toMatchObject([{ routingKey: 'order.created' }, { routingKey: 'order.unheard.of' }])
  })

  test('finishes what it has begun when it closes', async ({ rabbit }) => {
    const hold = gate()
    const seen: number[] = []
    const logs = fanoutExchange('logs', { payload: z.int() })
    const handler = async ({ payload }: { payload: number }): Promise<void> => {
      await hold.opened
      seen.push(payload)
    }
    const subscriber = new Subscriber(rabbit, logs, handler)
    await subscriber.start()
    await new Publisher(rabbit, logs).publish(1)
    await eventually(() => expect(rabbit.health().roles[0]).toMatchObject({ inFlight: 1 }))
    const closing = subscriber.close()
    hold.open()
    await closing
    expect(seen).toEqual([1])
  })
})
