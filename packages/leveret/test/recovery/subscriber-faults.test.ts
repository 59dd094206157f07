import { startFaultProxy } from '@leveret/testing'
import { describe, expect, onTestFinished, vi } from 'vitest'
import { z } from 'zod'
import { Channel } from '../../src/amqp/channel.js'
import { Link } from '../../src/amqp/link.js'
import { ConnectionError, Publisher, Subscriber, subscription, topicExchange } from '../../src/index.js'
import { eventually, gate, stable, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

const Line = z.string()
const shop = topicExchange('shop', { 'order.*': Line, 'audit.#': Line, 'stock.*.low': Line })
const bindingKeys = ['order.*', 'audit.#'] as const
const DROPS = 20
const SOON = { timeoutMs: 20_000 }

forbidSurprises()

/** What subscriptions ask of the broker, in order, each when it has been done. */
function asked(): string[] {
  const log: string[] = []
  const { declareOwnQueue, bind, consume } = Channel.prototype
  const declaring = vi.spyOn(Channel.prototype, 'declareOwnQueue').mockImplementation(async function (
    this: Channel,
    args,
  ) {
    const name = await declareOwnQueue.call(this, args)
    log.push(`declare ${name}`)
    return name
  })
  const binding = vi.spyOn(Channel.prototype, 'bind').mockImplementation(async function (this: Channel, wanted) {
    await bind.call(this, wanted)
    log.push(`bind ${wanted.destination} ${wanted.bindingKey}`)
  })
  const consuming = vi.spyOn(Channel.prototype, 'consume').mockImplementation(function (this: Channel, queue, ...rest) {
    log.push(`consume ${queue}`)
    return consume.call(this, queue, ...rest)
  })
  onTestFinished(() => {
    for (const spy of [declaring, binding, consuming]) spy.mockRestore()
  })
  return log
}

describe('an ephemeral subscriber', () => {
  test(`over ${DROPS} drops has a new queue each time, bound before it is consumed, and leaves nothing behind`, async ({
    rabbit,
    connectTo,
    proxy,
    vhost,
    broker,
  }) => {
    const dropped = await connectTo({}, proxy.urlFor(vhost.url))
    const log = asked()
    const seen: string[] = []
    const subscriber = new Subscriber(dropped, shop, ({ payload }) => void seen.push(payload), { bindingKeys })
    const queues: string[] = []
    let back = gate()
    subscriber.on('gap', ({ queue }) => {
      expect(subscriber.queueName).toBe(queue)
      queues.push(queue)
      back.open()
    })
    await subscriber.start()
    queues.push(subscriber.queueName ?? '')
    const publisher = new Publisher(rabbit, shop)
    const all: string[] = []
    for (let drop = 1; drop <= DROPS; drop += 1) {
      await stable()
      back = gate()
      proxy.reset()
      await back.opened
      for (const key of ['order.eu', 'audit.till', 'audit', 'order.us']) {
        all.push(`${drop} ${key}`)
        expect(await publisher.publish(key, `${drop} ${key}`)).toMatchObject({ routed: true })
      }
      await eventually(() => expect(seen).toEqual(all))
    }
    expect(new Set(queues).size).toBe(DROPS + 1)
    const life = (name: string): string[] => [
      `declare ${name}`,
      ...bindingKeys.map((key) => `bind ${name} ${key}`),
      `consume ${name}`,
    ]
    expect(log.filter((line) => /amq\.gen/.test(line))).toEqual(queues.flatMap(life))
    const own = queues.at(-1)
    await eventually(async () => {
      expect((await vhost.queues()).map(({ name }) => name)).toEqual([own])
      expect((await vhost.consumers()).map(({ queue }) => queue.name)).toEqual([own])
      // Two of the test's publisher, and at most two of the subscriber.
      expect((await vhost.connections()).length).toBeLessThanOrEqual(4)
    }, SOON)
    const bindings = (await broker.management.bindings(vhost.name)).filter(({ source }) => source === 'shop')
    expect(bindings.map(({ routing_key }) => routing_key).sort()).toEqual([...bindingKeys].sort())
    await subscriber.close()
    await eventually(async () => expect(await vhost.queues()).toEqual([]))
  }, 120_000)

  test('whose dead link still holds its queue does not wait for that: it has a new one at once', async ({
    rabbit,
    connectTo,
    proxy,
    vhost,
  }) => {
    await using wayOut = await startFaultProxy({ to: vhost.url })
    wayOut.refuse()
    const links: Link[] = []
    const { open } = Link
    const opening = vi.spyOn(Link, 'open').mockImplementation(async (...parts) => {
      const link = await open.call(Link, ...parts)
      links.push(link)
      return link
    })
    onTestFinished(() => opening.mockRestore())
    const halfOpen = await connectTo({}, [proxy.urlFor(vhost.url), wayOut.urlFor(vhost.url)])
    const seen: string[] = []
    const failures: unknown[] = []
    const subscriber = new Subscriber(halfOpen, shop, ({ payload }) => void seen.push(payload), { bindingKeys })
    subscriber.on('consume-failed', (event) => failures.push(event))
    await subscriber.start()
    const before = subscriber.queueName
    await stable()
    const gap = new Promise((resolve) => subscriber.on('gap', resolve))
    proxy.blackHole()
    proxy.refuse()
    await wayOut.accept()
    // This side has given up its links; the broker hears nothing of it, and takes them for alive.
    for (const link of links) link.cut(new ConnectionError('lost', 'cut by the test'))
    await gap
    expect(subscriber.queueName).not.toBe(before)
    const names = (await vhost.queues()).map(({ name }) => name)
    expect(names.sort()).toEqual([before, subscriber.queueName].sort())
    expect(await new Publisher(rabbit, shop).publish('audit', 'line')).toMatchObject({ routed: true })
    await eventually(() => expect(seen).toEqual(['line']))
    expect(failures).toEqual([])
    proxy.heal()
    proxy.reset()
    await eventually(async () => expect(await vhost.queues()).toMatchObject([{ name: subscriber.queueName }]), SOON)
  })

  test('that is paused gets afterwards what came meanwhile, over a circuit breaker too', async ({ rabbit, vhost }) => {
    const seen: string[] = []
    const gaps: unknown[] = []
    let fails = false
    const handler = ({ payload }: { payload: string }): void => {
      seen.push(payload)
      if (fails) throw new Error('not now')
    }
    const subscriber = new Subscriber(rabbit, shop, handler, {
      bindingKeys,
      prefetch: 2,
      concurrency: 2,
      breaker: { failureRate: 0.3, minAttempts: 2, pauseMs: 300 },
    })
    subscriber.on('gap', (gap) => gaps.push(gap))
    const broken = new Promise((resolve) => subscriber.on('paused', ({ by }) => by === 'breaker' && resolve(by)))
    await subscriber.start()
    const publisher = new Publisher(rabbit, shop)
    const publish = async (...lines: string[]): Promise<void> => {
      for (const line of lines) expect(await publisher.publish('order.eu', line)).toMatchObject({ routed: true })
    }
    await subscriber.pause()
    await publish('1', '2', '3', '4')
    expect(rabbit.health().roles[0]).toMatchObject({ attached: false, inFlight: 0 })
    expect(seen).toEqual([])
    await subscriber.resume()
    await eventually(() => expect(seen).toEqual(['1', '2', '3', '4']))
    fails = true
    await publish('5', '6')
    await broken
    fails = false
    await publish('7', '8')
    await eventually(() => expect(seen).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']))
    expect(gaps).toEqual([])
    await subscriber.close()
    await eventually(async () => expect(await vhost.queues()).toEqual([]))
  })
})

test('a durable subscriber whose queue is deleted says so, declares it again with all its bindings, and goes on', async ({
  rabbit,
  vhost,
  broker,
}) => {
  const seen: string[] = []
  const lines = subscription('lines', { of: shop, bindingKeys })
  const subscriber = new Subscriber(rabbit, lines, ({ payload }) => void seen.push(payload))
  const told: unknown[] = []
  subscriber.on('consumer.cancelled', (event) => told.push(event))
  subscriber.on('channel.lost', ({ reason }) => told.push(reason))
  const back = new Promise((resolve) => subscriber.on('channel.recovered', resolve))
  await subscriber.start()
  const publisher = new Publisher(rabbit, shop)
  await publisher.publish('order.eu', 'before')
  await eventually(() => expect(seen).toEqual(['before']))
  // Where a cancel or an ack crosses the end of its queue, RabbitMQ 4.3 may fail itself and close the connection with 541.
  await eventually(async () => {
    const prefetches = (await vhost.consumers()).map(({ prefetch_count }) => prefetch_count)
    expect(prefetches).toEqual([expect.toSatisfy((count) => count > 1)])
  })
  await broker.management.deleteQueue(vhost.name, 'lines')
  await back
  // Its channel lives.
  if (told.length > 1) console.log('TOLD', told.map(String), told)
  expect(told).toEqual([{ role: 'subscriber', queue: 'lines' }])
  for (const key of ['order.us', 'audit.till']) {
    expect(await publisher.publish(key, key)).toMatchObject({ routed: true })
  }
  await eventually(() => expect(seen).toEqual(['before', 'order.us', 'audit.till']))
  expect(subscriber.queueName).toBe('lines')
  await eventually(async () => expect(await vhost.queue('lines')).toMatchObject({ consumers: 1 }))
})
