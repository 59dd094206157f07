import { describe, expect, expectTypeOf } from 'vitest'
import { z } from 'zod'
import {
  exchange,
  fanoutExchange,
  headersExchange,
  OptionsError,
  Producer,
  Publisher,
  Subscriber,
  stream,
  subscription,
} from '../../src/index.js'
import { stranger } from '../support/stranger.js'
import { eventually, tasks, test } from '../support/support.js'

const payload = z.object({ n: z.int() })

describe('an exchange of a type that RabbitMQ has beside the four', () => {
  const spread = exchange('spread', { type: 'x-local-random', payload })

  test('is declared, bound and published to', async ({ rabbit, broker, skip }) => {
    if (broker.version.startsWith('3.')) skip(`RabbitMQ ${broker.version} has no x-local-random`)
    const seen: number[] = []
    await new Subscriber(rabbit, spread, ({ payload: { n }, routingKey }) => {
      expectTypeOf(routingKey).toEqualTypeOf<string>()
      seen.push(n)
    }).start()
    const publisher = new Publisher(rabbit, spread)
    expect(await publisher.publish('any', { n: 1 })).toMatchObject({ routed: true })
    await eventually(() => expect(seen).toEqual([1]))
    // @ts-expect-error another payload
    await expect(publisher.publish('any', { n: 'x' })).rejects.toMatchObject({ name: 'PayloadError' })
    await expect(publisher.publish('x'.repeat(256), { n: 1 })).rejects.toThrow(OptionsError)
  })

  test('that the broker does not know is refused clearly, and closes no connection', async ({ rabbit, vhost }) => {
    const unknown = exchange('odd', { type: 'x-nobody-has-this', payload })
    const told: unknown[] = []
    rabbit.on('disconnected', (event) => told.push(event))
    await expect(new Publisher(rabbit, unknown).publish('k', { n: 1 })).rejects.toMatchObject({
      name: 'BrokerError',
      replyText: expect.stringMatching(/(unknown|invalid) exchange type/),
    })
    const odd = subscription('odd', { of: unknown })
    await expect(new Subscriber(rabbit, odd, () => undefined).start()).rejects.toMatchObject({ name: 'BrokerError' })
    await new Producer(rabbit, tasks).send({ n: 1 })
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 1 }))
    expect(told).toEqual([])
  })

  test('that exists is used whatever its type is', async ({ rabbit, vhost }) => {
    await using other = await stranger(vhost.url)
    await other.channel.assertExchange('spread', 'direct')
    const existing = exchange('spread', { type: 'x-local-random', payload, existing: true })
    const odd = subscription('odd', { of: existing, bindingKeys: ['a', 'b'] })
    const seen: unknown[] = []
    await new Subscriber(rabbit, odd, ({ routingKey, payload: { n } }) => seen.push([routingKey, n])).start()
    const publisher = new Publisher(rabbit, existing)
    await publisher.publish('a', { n: 1 })
    expect(await publisher.publish('c', { n: 2 })).toMatchObject({ routed: false })
    await publisher.publish('b', { n: 3 })
    await eventually(() =>
      expect(seen).toEqual([
        ['a', 1],
        ['b', 3],
      ]),
    )
  })

  test('of delayed messages is published to without mandatory, because it returns every message', async ({
    rabbit,
    vhost,
  }) => {
    await using other = await stranger(vhost.url)
    await other.channel.assertExchange('later', 'fanout')
    const later = exchange('later', { type: 'x-delayed-message', payload, existing: true })
    const publisher = new Publisher(rabbit, later)
    expect(await publisher.publish('', { n: 1 })).toMatchObject({ routed: undefined })
    await expect(publisher.publish('', { n: 1 }, { mandatory: true })).rejects.toThrow(
      'publish: mandatory: an exchange of the type x-delayed-message does not report unroutable messages',
    )
  })

  test.for(['topic', 'x-', 'consistent-hash'])('is not of the type %s', (type) => {
    expect(() => exchange('e', { type: type as 'x-', payload })).toThrow(
      "exchange('e'): type: expected a plugin's type, which begins with x-",
    )
  })
})

describe('the headers of a binding', () => {
  test('that begin with x- count too', async ({ rabbit, vhost }) => {
    await using other = await stranger(vhost.url)
    const reports = headersExchange('reports', { headers: z.looseObject({ 'x-tenant': z.string() }), payload })
    const ours = subscription('ours', {
      of: reports,
      headers: [{ 'x-tenant': 'a' }, { 'x-tenant': 'b', urgent: true }],
    })
    const seen: number[] = []
    await new Subscriber(rabbit, ours, ({ payload: { n } }) => seen.push(n)).start()
    const sent = [{ 'x-tenant': 'c' }, { 'x-tenant': 'a' }, { 'x-tenant': 'b' }, { 'x-tenant': 'b', urgent: true }]
    for (const [n, headers] of sent.entries()) {
      const content = Buffer.from(JSON.stringify({ n }))
      other.channel.publish('reports', '', content, { contentType: 'application/json', headers })
    }
    await eventually(() => expect(seen.sort()).toEqual([1, 3]))
  })

  test('are for headers exchanges, and a stream takes them too', () => {
    const of = fanoutExchange('logs', { payload })
    // @ts-expect-error a fanout exchange has none
    const make = (): unknown => stream('lines', { of, headers: [{ a: 1 }] })
    expect(make).toThrow("stream('lines'): headers are for headers exchanges, and 'logs' is a fanout exchange")
  })
})
