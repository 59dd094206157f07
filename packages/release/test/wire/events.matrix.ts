import * as head from 'leveret'
import { expect } from 'vitest'
import { z } from 'zod'
import { asBefore, eventually, type Side, test } from './versions.js'

const shopOf = ({ leveret }: Side) => leveret.topicExchange('shop', { 'order.*': z.object({ id: z.int() }) })
type Shop = ReturnType<typeof shopOf>
type Handle = (event: { readonly template: string; readonly routingKey: string; readonly payload: unknown }) => void

/** A durable subscriber, as 0.1.0 made one: with the queue among its options. */
type SubscriberBefore = new (
  rabbit: head.Connection,
  exchange: Shop,
  handler: Handle,
  options: object,
) => { start(): Promise<void>; close(): Promise<void> }

const options = { bindingKeys: ['order.*'] as const, retry: { delaysMs: [300] } }

function subscriberOf(side: Side, handler: Handle): { start(): Promise<void>; close(): Promise<void> } {
  const { leveret, rabbit } = side
  const of = shopOf(side)
  if (leveret !== head) {
    const Before = leveret.Subscriber as unknown as SubscriberBefore
    return new Before(rabbit, of, handler, { queue: 'billing', ...options })
  }
  const billing = leveret.subscription('billing', { of, ...options, deadLetter: { arguments: asBefore } })
  return new leveret.Subscriber(rabbit, billing, handler)
}

const publisherOf = (side: Side) => new side.leveret.Publisher(side.rabbit, shopOf(side))

for (const from of ['the last release', 'HEAD'] as const) {
  const sidesOf = (before: Side, now: Side): [one: Side, other: Side] =>
    from === 'HEAD' ? [now, before] : [before, now]

  test(`events of ${from} reach durable subscribers of both, which take each other's queue as it is`, async ({
    before,
    now,
  }) => {
    const [one, other] = sidesOf(before, now)
    const seen: unknown[] = []
    for (const side of [one, other]) await subscriberOf(side, ({ payload }) => void seen.push(payload)).start()
    const publisher = publisherOf(one)
    for (const id of [1, 2, 3, 4]) await publisher.publish('order.paid', { id })
    await eventually(() => expect(seen.length).toBe(4))
    expect(seen).toEqual(expect.arrayContaining([{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }]))
  })

  test(`an event that failed at a subscriber of ${from} is the same event to the other one`, async ({
    before,
    now,
  }) => {
    const [one, other] = sidesOf(before, now)
    let failed = 0
    const failing = subscriberOf(one, () => {
      failed += 1
      throw new Error('not yet')
    })
    await failing.start()
    await publisherOf(one).publish('order.paid', { id: 7 })
    await eventually(() => expect(failed).toBe(1))
    await failing.close()
    const seen: unknown[] = []
    await subscriberOf(other, (event) => void seen.push(event)).start()
    await eventually(() =>
      expect(seen).toEqual([{ template: 'order.*', routingKey: 'order.paid', payload: { id: 7 } }]),
    )
  })
}

test('a stream of one version is declared and read by the other, from the first message on', async ({
  before,
  now,
}) => {
  const seen: string[] = []
  const Before = before.leveret.Subscriber as unknown as SubscriberBefore
  const stream = { name: 'history', offset: 'first', retention: { maxAge: '7D' } }
  const reader = new Before(before.rabbit, shopOf(before), ({ payload }) => void seen.push(`before ${said(payload)}`), {
    bindingKeys: options.bindingKeys,
    stream,
  })
  await reader.start()
  await publisherOf(before).publish('order.paid', { id: 1 })
  await publisherOf(now).publish('order.paid', { id: 2 })
  const { retention } = stream
  const history = head.stream('history', { of: shopOf(now), bindingKeys: options.bindingKeys, retention })
  const handler: Handle = ({ payload }) => void seen.push(`now ${said(payload)}`)
  await new head.Subscriber(now.rabbit, history, handler, { offset: 'first' }).start()
  await eventually(() => expect(seen.sort()).toEqual(['before 1', 'before 2', 'now 1', 'now 2']))
})

const said = (payload: unknown): string => String((payload as { id: number }).id)

test('ephemeral subscribers of both get what either publishes', async ({ before, now }) => {
  const seen: string[] = []
  for (const [name, { leveret, rabbit }] of Object.entries({ before, now })) {
    const news = leveret.fanoutExchange('news', { payload: z.string() })
    await new leveret.Subscriber(rabbit, news, ({ payload }) => void seen.push(`${name} got ${payload}`)).start()
  }
  for (const [name, { leveret, rabbit }] of Object.entries({ before, now })) {
    const news = leveret.fanoutExchange('news', { payload: z.string() })
    await new leveret.Publisher(rabbit, news).publish(`news of ${name}`)
  }
  await eventually(() =>
    expect(seen.sort()).toEqual([
      'before got news of before',
      'before got news of now',
      'now got news of before',
      'now got news of now',
    ]),
  )
})
