import type { FaultProxy } from '@leveret/testing'
import { expect } from 'vitest'
import { z } from 'zod'
import { type Connection, Publisher, Subscriber, subscription, topicExchange } from '../../src/index.js'
import { test } from '../support/support.js'

const events = topicExchange('events', { event: z.int() })

/**
 * Cuts the connection when the broker confirms the next message, which it has stored by then, and accepts no new connection.
 *
 * @returns a promise for that the link is lost
 */
function loseNextConfirm(rabbit: Connection, proxy: FaultProxy): Promise<unknown> {
  const lost = new Promise((resolve) => rabbit.on('disconnected', resolve))
  proxy.refuse()
  proxy.cutAfterMoreServerBytes(1)
  return lost
}

test.for([
  ['is unknown, not returned, where it had to be routed', true],
  ['may be routed or not, where it had not', false],
] as const)(
  'an event that was stored, and is sent again after its queue has gone, %s',
  async ([, mandatory], { broker, connectTo, proxy, rabbit, vhost }) => {
    const contract = subscription('listener', { of: events, bindingKeys: ['event'] })
    const listener = new Subscriber(rabbit, contract, () => undefined)
    await listener.start()
    await listener.close()
    const cut = await connectTo({}, proxy.urlFor(vhost.url))
    const publisher = new Publisher(cut, events)
    await publisher.publish('event', 1)
    const lost = loseNextConfirm(cut, proxy)
    const publishing = Promise.allSettled([publisher.publish('event', 2, { mandatory })])
    await lost
    expect((await broker.management.get(vhost.name, 'listener', 2)).map((message) => message.payload)).toEqual([
      '1',
      '2',
    ])
    await broker.management.deleteQueue(vhost.name, 'listener')
    await proxy.accept()
    expect(await publishing).toMatchObject([
      mandatory
        ? { status: 'rejected', reason: { name: 'PublishError', outcome: 'unknown', retryable: true } }
        : { status: 'fulfilled', value: { routed: undefined } },
    ])
    expect(cut.health().roles).toMatchObject([{ role: 'publisher', inFlight: 0, unrouted: 0 }])
    await expect(publisher.publish('event', 3, { mandatory: true })).rejects.toMatchObject({ outcome: 'returned' })
    expect(await publisher.publish('event', 4)).toMatchObject({ routed: false })
  },
)
