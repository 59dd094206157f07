import { describe, expect, expectTypeOf } from 'vitest'
import { z } from 'zod'
import {
  type Connection,
  fanoutExchange,
  type ManualDelivery,
  Publisher,
  Reject,
  Subscriber,
  subscription,
  topicExchange,
} from '../../src/index.js'
import { range } from '../support/journal.js'
import { eventually, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

const shop = topicExchange('shop', { 'order.created': z.object({ id: z.int() }), audit: z.string() })
const news = fanoutExchange('news', { payload: z.int() })
const billing = subscription('billing', { of: shop, bindingKeys: ['order.#'], retry: { delaysMs: [50] } })

async function publish(rabbit: Connection, ids: readonly number[]): Promise<void> {
  await using publisher = new Publisher(rabbit, shop)
  for (const id of ids) await publisher.publish('order.created', { id })
}

describe('a durable subscriber', () => {
  test('gets its events in batches, typed, and says of each what became of it', async ({ rabbit }) => {
    const seen: number[][] = []
    const told: [string, string][] = []
    const subscriber = new Subscriber(
      rabbit,
      billing,
      (items) => {
        expectTypeOf(items[0]?.event.payload).toEqualTypeOf<{ id: number } | undefined>()
        seen.push(items.map(({ event }) => event.payload.id))
        return Promise.allSettled(items.map(({ event }) => outcomeOf(event.payload.id)))
      },
      { batch: { size: 3, waitMs: 20_000 } },
    )
    const outcomeOf = async (id: number): Promise<void> => {
      if (id === 2) throw new Reject('not this one')
    }
    for (const name of ['delivery.acked', 'delivery.dead-lettered'] as const) {
      subscriber.on(name, ({ queue }) => told.push([name, queue]))
    }
    await subscriber.start()
    await publish(rabbit, [1, 2, 3])
    await eventually(() => expect(told).toHaveLength(3))
    expect(seen).toEqual([[1, 2, 3]])
    expect(told.filter(([name]) => name === 'delivery.acked')).toHaveLength(2)
    expect(told).toContainEqual(['delivery.dead-lettered', 'billing'])
  })

  test('settles by hand', async ({ rabbit, vhost }) => {
    const seen: [number, number][] = []
    const outcomes: unknown[] = []
    const handler = async ({ payload }: { payload: { id: number } }, delivery: ManualDelivery): Promise<void> => {
      seen.push([payload.id, delivery.attempt])
      if (payload.id === 1) outcomes.push(await delivery.deadLetter('bad'))
      else outcomes.push(await (delivery.attempt === 1 ? delivery.retry() : delivery.ack()))
    }
    await new Subscriber(rabbit, billing, handler, { acknowledge: 'manual' }).start()
    await publish(rabbit, [1, 2])
    await eventually(() => expect(outcomes).toHaveLength(3))
    expect(outcomes.sort()).toEqual(['acked', 'dead-lettered', 'retried'])
    expect(seen.at(-1)).toEqual([2, 2])
    await eventually(async () => expect(await vhost.queue('billing.dead-letter')).toMatchObject({ messages: 1 }))
  })
})

test('an ephemeral subscriber gets batches, and settles by hand', async ({ rabbit, vhost }) => {
  const sizes: number[] = []
  const batch = { size: 2, waitMs: 20_000 }
  await new Subscriber(rabbit, news, (items) => void sizes.push(items.length), { batch }).start()
  const acked: unknown[] = []
  const handler = async (_event: unknown, delivery: ManualDelivery): Promise<unknown> =>
    acked.push(await delivery.ack())
  await new Subscriber(rabbit, news, handler, { acknowledge: 'manual' }).start()
  const publisher = new Publisher(rabbit, news)
  for (const n of range(1, 4)) await publisher.publish(n)
  await eventually(() =>
    expect([sizes, acked]).toEqual([
      [2, 2],
      ['acked', 'acked', 'acked', 'acked'],
    ]),
  )
  await eventually(async () => expect((await vhost.queues()).every(({ messages }) => messages === 0)).toBe(true))
})
