import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  directExchange,
  fanoutExchange,
  headersExchange,
  type MessageDiagnostics,
  type Published,
  Publisher,
  topicExchange,
} from '../../src/index.js'
import { eventually, test } from '../support/support.js'
import { onPublishEnd, onTopic } from '../support/traces.js'

const Line = z.string()
const logs = fanoutExchange('logs', { payload: Line })
const shop = topicExchange('shop', { 'order.*': z.object({ id: z.int() }), 'audit.#': Line })

describe('an exchange that is deleted while it is published to', () => {
  test('a deleted exchange is declared again for messages in flight, and other publishes go on', async ({
    rabbit,
    vhost,
    broker,
  }) => {
    const publisher = new Publisher(rabbit, logs)
    const bystander = new Publisher(rabbit, shop)
    await Promise.all([publisher.publish('first'), bystander.publish('audit', 'first')])
    await broker.management.deleteExchange(vhost.name, 'logs')
    const lost = Promise.allSettled(Array.from({ length: 50 }, () => publisher.publish('line')))
    const kept = Array.from({ length: 500 }, (_, id) => bystander.publish('order.eu', { id }))
    expect((await Promise.all(kept)).every(({ routed }) => !routed)).toBe(true)
    for (const outcome of await lost) expect(outcome).toMatchObject({ status: 'fulfilled', value: { routed: false } })
    expect(await publisher.publish('again')).toMatchObject({ routed: false })
    expect((await broker.management.exchanges(vhost.name)).map(({ name }) => name)).toContain('logs')
  })

  test('and comes back as another one is refused as such, and no more is sent to it', async ({
    rabbit,
    connectTo,
    vhost,
    broker,
  }) => {
    const publisher = new Publisher(rabbit, logs)
    await publisher.publish('first')
    const other = new Publisher(await connectTo(), directExchange('logs', { a: Line }))
    await broker.management.deleteExchange(vhost.name, 'logs')
    const lost = expect(publisher.publish('lost')).rejects.toMatchObject({ name: 'TopologyMismatchError' })
    await other.publish('a', 'line')
    await lost
    await expect(publisher.publish('line')).rejects.toMatchObject({
      name: 'TopologyMismatchError',
      argument: 'type',
      wanted: 'fanout',
      found: 'direct',
    })
    expect(rabbit.health()).toMatchObject({ ready: false, why: expect.stringContaining('type should be fanout') })
  })
})

describe('a thousand publishers', () => {
  test('share one channel, and each knows what became of its own message', async ({ rabbit, vhost, broker }) => {
    const key = (n: number): string => (n % 3 === 0 ? 'order.heard' : 'order.unheard')
    await new Publisher(rabbit, shop).publish('order.first', { id: 0 })
    await broker.management.declareQueue(vhost.name, 'heard', {})
    await broker.management.bindQueue(vhost.name, 'shop', 'heard', 'order.heard')
    const publishers = Array.from({ length: 1_000 }, () => new Publisher(rabbit, shop))
    const published = await Promise.all(publishers.map((publisher, n) => publisher.publish(key(n), { id: n })))
    expect(published.filter(({ routed }, n) => routed !== (n % 3 === 0))).toEqual([])
    await eventually(async () => expect(await vhost.queue('heard')).toMatchObject({ messages: 334 }))
    expect(rabbit.health().roles).toMatchObject([{ role: 'publisher', count: 1_001, unrouted: 667 }])
    await eventually(async () => expect(await broker.management.channels(vhost.name)).toHaveLength(1))
  })

  test('of as many exchanges open a handful of channels meanwhile', async ({ rabbit, vhost, broker }) => {
    let most = 0
    const publishers = Array.from(
      { length: 1_000 },
      (_, n) => new Publisher(rabbit, fanoutExchange(`logs-${n % 200}`, { payload: Line })),
    )
    let done = false
    const all = Promise.all(publishers.map((publisher) => publisher.publish('line'))).finally(() => {
      done = true
    })
    while (!done) most = Math.max(most, (await broker.management.channels(vhost.name)).length)
    expect(await all).toHaveLength(1_000)
    // Sixteen declarations at once, each with the last one that is being closed, and the one that publishes.
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThanOrEqual(33)
    const exchanges = await broker.management.exchanges(vhost.name)
    expect(exchanges.filter(({ name }) => name.startsWith('logs-'))).toHaveLength(200)
  })
})

test('a thousand publishes at once of one publisher: those that no queue took are distinguished and counted', async ({
  rabbit,
  vhost,
  broker,
}) => {
  const severities = directExchange('severities', { heard: z.int(), unheard: z.int() })
  const publisher = new Publisher(rabbit, severities)
  await publisher.publish('unheard', -1)
  await broker.management.declareQueue(vhost.name, 'heard', {})
  await broker.management.bindQueue(vhost.name, 'severities', 'heard', 'heard')
  // The same id in flight twice, once heard and once not: the broker names a returned message by its id only.
  const messageId = (n: number): string => `m${n % 700}`
  const publish = async (n: number, insist: boolean): Promise<[boolean, Published | { outcome: string }]> => {
    const heard = n % 7 < 3
    const options = { messageId: messageId(n), mandatory: insist }
    const published = publisher.publish(heard ? 'heard' : 'unheard', n, options)
    return [heard, await published.catch((error: { outcome: string }) => error)]
  }
  const results = await Promise.all(Array.from({ length: 1_000 }, (_, n) => publish(n, n % 5 === 0)))
  for (const [n, [heard, result]] of results.entries()) {
    if (heard) expect(result).toEqual({ messageId: messageId(n), routed: true })
    else if (n % 5 === 0) expect(result).toMatchObject({ outcome: 'returned', routingKey: 'unheard' })
    else expect(result).toEqual({ messageId: messageId(n), routed: false })
  }
  const unheard = results.filter(([heard], n) => !heard && n % 5 !== 0).length
  expect(rabbit.health().roles).toMatchObject([{ role: 'publisher', name: 'severities', unrouted: 1 + unheard }])
  await eventually(async () =>
    expect(await vhost.queue('heard')).toMatchObject({ messages: results.filter(([heard]) => heard).length }),
  )
})

test('interceptors and diagnostics see what is published, and headers of both arrive', async ({
  connectTo,
  vhost,
  broker,
}) => {
  const name = `publisher ${vhost.name}`
  const told: string[] = []
  onTopic<MessageDiagnostics>('leveret:published', ({ connection, exchange, routingKey }) => {
    if (connection === name) told.push(`published ${exchange} ${routingKey}`)
  })
  onPublishEnd(({ connection, exchange, routingKey, outcome }) => {
    if (connection === name) told.push(`${outcome} ${exchange} ${routingKey}`)
  })
  const seen: string[] = []
  const rabbit = await connectTo({
    name,
    interceptors: [
      {
        publish: async ({ exchange, routingKey }, next) => {
          seen.push(`${exchange} ${routingKey}`)
          await next({ traceparent: 'trace-1' })
        },
      },
    ],
  })
  const reports = headersExchange('reports', { headers: z.object({ format: z.string() }), payload: Line })
  const publisher = new Publisher(rabbit, reports)
  expect(await publisher.publish({ format: 'csv' }, 'nobody')).toMatchObject({ routed: false })
  await broker.management.declareQueue(vhost.name, 'all', {})
  await broker.management.bindQueue(vhost.name, 'reports', 'all')
  expect(await publisher.publish({ format: 'pdf' }, 'line', { headers: { tenant: 'acme' } })).toMatchObject({
    routed: true,
  })
  const insisting = new Publisher(rabbit, shop).publish('audit.x', 'line', { mandatory: true })
  await expect(insisting).rejects.toMatchObject({ outcome: 'returned' })
  expect(seen).toEqual(['reports ', 'reports ', 'shop audit.x'])
  // An unrouted event is no failure, so it is reported as confirmed.
  expect(told).toEqual([
    'published reports ',
    'confirmed reports ',
    'published reports ',
    'confirmed reports ',
    'published shop audit.x',
    'returned shop audit.x',
  ])
  const [message] = await broker.management.get(vhost.name, 'all')
  expect(message?.properties.headers).toMatchObject({ format: 'pdf', tenant: 'acme', traceparent: 'trace-1' })
})
