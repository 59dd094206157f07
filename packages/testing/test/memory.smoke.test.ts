import { eventually, testOn } from '@leveret/testing/vitest'
import { describe, expect } from 'vitest'

const test = testOn('memory')

describe('a broker in memory', () => {
  test('is there at once, with a vhost for the test', async ({ broker, vhost }) => {
    expect(broker.driver).toBe('memory')
    await broker.management.declareQueue(vhost.name, 'orders')
    await broker.management.publish(vhost.name, { routingKey: 'orders', payload: 'one' })
    await eventually(async () => expect(await vhost.queue('orders')).toMatchObject({ messages: 1 }))
    expect(await broker.management.get(vhost.name, 'orders')).toMatchObject([{ payload: 'one', routing_key: 'orders' }])
  })

  test('keeps what is durable when it is stopped and started', async ({ ownBroker }) => {
    await ownBroker.management.declareQueue('/', 'orders')
    await ownBroker.management.publish('/', { routingKey: 'orders', payload: 'one' })
    await ownBroker.management.publish('/', { routingKey: 'orders', payload: 'two', properties: {} })
    await ownBroker.restart()
    const left = await ownBroker.management.get('/', 'orders', 5)
    expect(left.map(({ payload }) => payload)).toEqual(['one'])
  })

  test('says what takes a real one', async ({ broker }) => {
    await expect(broker.ctl('eval', 'halt().')).rejects.toThrow('use a real RabbitMQ')
    expect(await broker.ctl('version')).toBe(`${broker.version}\n`)
  })
})
