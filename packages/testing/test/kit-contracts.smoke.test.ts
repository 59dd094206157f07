import {
  connect,
  directExchange,
  fanoutExchange,
  headersExchange,
  ProcedureError,
  Producer,
  Publisher,
  procedure,
  Reject,
  RpcClient,
  RpcServer,
  Subscriber,
  stream,
  subscription,
  topicExchange,
  Worker,
  type WorkQueue,
  workQueue,
} from 'leveret'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { startMemoryBroker } from '../src/index.js'
import { testDelivery } from '../src/leveret/index.js'

const shop = topicExchange(
  'shop',
  { 'order.*': z.object({ id: z.int() }), 'order.cancelled': z.object({ why: z.string() }), 'stock.#': z.string() },
  { overlap: 'most-specific' },
)
const billing = subscription('billing', { of: shop, bindingKeys: ['order.*'], retry: { delaysMs: [1_000] } })
const history = stream('history', { of: shop, bindingKeys: ['#'] })
const alarms = fanoutExchange('alarms', { payload: z.object({ at: z.coerce.date() }) })
const pages = headersExchange('pages', { headers: z.object({ format: z.string() }), payload: z.string() })
const levels = directExchange('levels', { info: z.string(), warn: z.string() })
const getUser = procedure('get-user', {
  request: z.object({ id: z.int() }),
  response: z.object({ name: z.string() }),
  errors: { NotFound: z.object({ id: z.int() }) },
})

describe('what was sent', () => {
  test('to an exchange is its events, each with its template and its key, also those that no queue took', async () => {
    await using broker = await startMemoryBroker()
    await using rabbit = await connect(broker.url)
    const publisher = new Publisher(rabbit, shop)
    await publisher.publish('order.placed', { id: 1 })
    await publisher.publish('order.cancelled', { why: 'late' })
    await publisher.publish('stock', 'none')
    const sent = await broker.sent(shop)
    expect(sent).toEqual([
      { template: 'order.*', routingKey: 'order.placed', payload: { id: 1 } },
      { template: 'order.cancelled', routingKey: 'order.cancelled', payload: { why: 'late' } },
      { template: 'stock.#', routingKey: 'stock', payload: 'none' },
    ])
    const [first] = sent
    if (first?.template === 'order.*') expectTypeOf(first.payload).toEqualTypeOf<{ id: number }>()
  })

  test('to an exchange of any other type has what its handler gets', async () => {
    await using broker = await startMemoryBroker()
    await using rabbit = await connect(broker.url)
    await new Publisher(rabbit, alarms).publish({ at: new Date(0) })
    await new Publisher(rabbit, pages).publish({ format: 'pdf' }, 'one')
    await new Publisher(rabbit, levels).publish('warn', 'hot')
    expect(await broker.sent(alarms)).toEqual([{ routingKey: '', payload: { at: new Date(0) } }])
    expect(await broker.sent(pages)).toEqual([{ routingKey: '', headers: { format: 'pdf' }, payload: 'one' }])
    expect(await broker.sent(levels)).toEqual([{ template: 'warn', routingKey: 'warn', payload: 'hot' }])
    expectTypeOf(await broker.sent(alarms)).toEqualTypeOf<
      { readonly routingKey: string; readonly payload: { at: Date } }[]
    >()
  })

  test('is for a subscription and a stream what their queues were given', async () => {
    await using broker = await startMemoryBroker({ clock: 'virtual' })
    await using rabbit = await connect(broker.url)
    await new Subscriber(rabbit, billing, () => {
      throw new Error('down')
    }).start()
    await new Subscriber(rabbit, history, () => undefined).start()
    const publisher = new Publisher(rabbit, shop)
    await publisher.publish('stock.low', 'tea')
    await publisher.publish('order.placed', { id: 1 })
    await broker.advance({ minutes: 1 })
    expect((await broker.sent(billing)).map(({ routingKey }) => routingKey)).toEqual(['order.placed'])
    expect((await broker.sent(history)).map(({ routingKey }) => routingKey)).toEqual(['stock.low', 'order.placed'])
    expect(await broker.deadLetters(billing)).toMatchObject([
      {
        template: 'order.*',
        routingKey: 'order.placed',
        reason: 'attempts-exhausted',
        error: { message: 'down' },
        payload: { id: 1 },
      },
    ])
    expect(await broker.deadLetters(history)).toEqual([])
  })

  test('to a procedure is its requests', async () => {
    await using broker = await startMemoryBroker()
    await using rabbit = await connect(broker.url)
    await new RpcServer(rabbit, getUser, ({ id }) => ({ name: `user ${id}` })).start()
    await new RpcClient(rabbit, getUser).call({ id: 7 })
    const requests = await broker.sent(getUser)
    expect(requests).toEqual([{ id: 7 }])
    expectTypeOf(requests).toEqualTypeOf<{ id: number }[]>()
  })

  test('of one contract holds no dead letter of another that is kept in the same queue', async () => {
    const shared = { payload: z.string(), retry: false, deadLetter: { queue: 'kept' } } as const
    const [one, other] = [workQueue('one', shared), workQueue('other', shared)]
    expect(await lettersOf(one, other)).toEqual([['of one'], ['of other']])
  })
})

/** Has a worker reject a task of each, and tells which dead letters each has. */
async function lettersOf(...contracts: WorkQueue<z.ZodString>[]): Promise<unknown[][]> {
  await using broker = await startMemoryBroker()
  await using rabbit = await connect(broker.url)
  for (const contract of contracts) {
    await new Worker(rabbit, contract, () => {
      throw new Reject('no')
    }).start()
    await new Producer(rabbit, contract).send(`of ${contract.name}`)
  }
  await broker.settled()
  return await Promise.all(
    contracts.map(async (contract) => (await broker.deadLetters(contract)).map(({ payload }) => payload)),
  )
}

describe('an event by itself', () => {
  test('is handled by a subscription as any other, at any attempt', async () => {
    const seen: unknown[] = []
    const event = { routingKey: 'order.placed', payload: { id: 3 } }
    const verdict = await testDelivery(billing, event, { attempt: 2, messageId: 'one' }).handledBy(
      (given, delivery) => {
        seen.push(given, delivery.attempt, delivery.exchange, delivery.routingKey)
        throw new Error('down')
      },
    )
    expect(verdict).toMatchObject({ did: 'dead-lettered', reason: 'attempts-exhausted', messageId: 'one' })
    expect(seen).toEqual([
      { template: 'order.*', routingKey: 'order.placed', payload: { id: 3 } },
      2,
      'shop',
      'order.placed',
    ])
  })

  test('is handled by a stream, and by the exchange alone', async () => {
    const event = { routingKey: 'stock.low', payload: 'tea' }
    const seen: unknown[] = []
    expect(await testDelivery(history, event).handledBy((given) => void seen.push(given))).toMatchObject({
      did: 'acked',
    })
    expect(await testDelivery(shop, event).handledBy((given) => void seen.push(given))).toMatchObject({ did: 'acked' })
    expect(await testDelivery(alarms, { payload: { at: new Date(0) } }).handledBy(() => undefined)).toMatchObject({
      did: 'acked',
    })
    const page = testDelivery(pages, { headers: { format: 'pdf' }, payload: 'one' })
    expect(await page.handledBy((given) => void seen.push(given))).toMatchObject({ did: 'acked' })
    expect(seen).toEqual([
      { template: 'stock.#', ...event },
      { template: 'stock.#', ...event },
      { routingKey: '', headers: { format: 'pdf' }, payload: 'one' },
    ])
  })

  test('that matches no binding of the subscription is an error', async () => {
    const event = { routingKey: 'stock.low', payload: 'tea' }
    await expect(testDelivery(billing, event).handledBy(() => undefined)).rejects.toThrow(
      "'billing' gets no event with the routing key 'stock.low'",
    )
  })
})

describe('a request by itself', () => {
  test('is answered as its client gets it', async () => {
    const answer = await testDelivery(getUser, { id: 7 }).handledBy(({ id }) => ({ name: `user ${id}` }))
    expect(answer).toEqual({ did: 'answered', response: { name: 'user 7' } })
  })

  test('fails by a declared error, and by any other, of which the client learns no more than that', async () => {
    const declared = await testDelivery(getUser, { id: 7 }).handledBy(({ id }) => {
      throw new ProcedureError(getUser, 'NotFound', { id })
    })
    expect(declared).toMatchObject({ did: 'failed', error: { code: 'NotFound', data: { id: 7 } } })
    const other = await testDelivery(getUser, { id: 7 }).handledBy(() => {
      throw new Error('no database')
    })
    expect(other).toMatchObject({ did: 'failed', error: { reason: 'failed' }, failure: { message: 'no database' } })
  })
})
