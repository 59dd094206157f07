import { describe, expect } from 'vitest'
import {
  BrokerError,
  MemoryOffsetStore,
  OptionsError,
  Subscriber,
  type SubscriberOptions,
  stream,
  TopologyMismatchError,
} from '../../src/index.js'
import { journal, linesOf, reader } from '../support/journal.js'
import { test } from '../support/support.js'

const handler = (): void => undefined
const of = journal
const bindingKeys = ['line.#'] as const

describe('a stream', () => {
  test.for<[string, Record<string, unknown>]>([
    ['retention.maxAge', { retention: { maxAge: '7 days' } }],
    ['retention.maxBytes', { retention: { maxBytes: 0 } }],
    ['there is no option queue', { queue: {} }],
    ['there is no option onInvalid', { onInvalid: 'retry' }],
    [
      'existing: leveret does not declare this stream: leave out retention',
      { existing: true, retention: { maxAge: '7D' } },
    ],
    [
      'retry: expected false or { delaysMs }: a stream cannot delay a redelivery',
      { retry: { native: { minMs: 1, maxMs: 1, attempts: 2 } } },
    ],
    ["the binding key 'nite.#' can match no message", { bindingKeys: ['nite.#'] }],
  ])('is not described with a wrong %s', ([where, options]) => {
    const make = (): unknown => stream('lines', { of, bindingKeys, ...options })
    expect(make).toThrow(OptionsError)
    expect(make).toThrow(`stream('lines'): ${where}`)
  })

  test('of no name, or of no exchange, is none', () => {
    expect(() => stream('', { of, bindingKeys })).toThrow(OptionsError)
    // @ts-expect-error no exchange
    expect(() => stream('lines', { of: linesOf(), bindingKeys })).toThrow('of: expected an exchange')
    // @ts-expect-error no binding keys
    expect(() => stream('lines', { of })).toThrow('bindingKeys are missing for the topic exchange')
  })
})

describe('the options of a reader', () => {
  test.for<[string, Record<string, unknown>]>([
    ['offset', { offset: -1 }],
    ['offset', { offset: Number.NaN }],
    ['offset', { offset: 1.5 }],
    ['offset', { offset: 2 ** 53 }],
    ['offset', { offset: '1h' }],
    ['offset', { offset: new Date(Number.NaN) }],
    ['offset', { offset: new Date(-1) }],
    ['store', { store: { load: () => undefined } }],
    ['saveEveryMs', { saveEveryMs: -1 }],
    ['there is no option ofset', { ofset: 'first' }],
    ['only', { only: ['x'] }],
  ])('refuse a wrong %s: %o', ([where, options], { rabbit }) => {
    const make = (): unknown => new Subscriber(rabbit, linesOf(), handler, options)
    expect(make).toThrow(OptionsError)
    expect(make).toThrow(where)
  })

  test('say nothing that the contract says, and nothing that is about a queue', ({ rabbit }) => {
    const wrong = [
      // @ts-expect-error the contract says what the stream gets
      () => new Subscriber(rabbit, linesOf(), handler, { bindingKeys }),
      // @ts-expect-error the contract says what it keeps
      () => new Subscriber(rabbit, linesOf(), handler, { retention: { maxAge: '1D' } }),
      // @ts-expect-error a stream has no such bound
      () => new Subscriber(rabbit, linesOf(), handler, { maxLength: 1 }),
      // @ts-expect-error nothing says how often a delivery has come back
      () => new Subscriber(rabbit, linesOf(), handler, { isolation: true }),
      // @ts-expect-error RabbitMQ refuses it
      () => new Subscriber(rabbit, linesOf(), handler, { priority: 1 }),
      // @ts-expect-error no such beginning
      () => new Subscriber(rabbit, linesOf(), handler, { offset: 'latest' }),
    ]
    for (const make of wrong) expect(make).toThrow(OptionsError)
  })

  test('are all taken together', async ({ rabbit }) => {
    const from = { offset: new Date(), store: new MemoryOffsetStore(), saveEveryMs: 0, only: ['line.a'] } as const
    const others = { concurrency: 4, prefetch: 500 } as const
    const orderBy: SubscriberOptions<ReturnType<typeof linesOf>>['orderBy'] = ({ routingKey }) => routingKey
    const lines = linesOf({ retry: { delaysMs: [10] }, deadLetter: { queue: 'lost' } })
    const subscriber = new Subscriber(rabbit, lines, handler, { ...from, orderBy, ...others })
    await subscriber.start()
    expect(rabbit.health().roles[0]).toMatchObject({ role: 'subscriber', name: 'lines', ready: true })
  })
})

describe('a queue that is no stream', () => {
  test.for(['classic', 'quorum'])('is one clear error (%s)', async (type, { rabbit, connectTo, vhost, broker }) => {
    await broker.management.declareQueue(vhost.name, 'lines', type === 'quorum' ? { 'x-queue-type': type } : {})
    const starting = reader(rabbit).subscriber.start()
    await expect(starting).rejects.toBeInstanceOf(TopologyMismatchError)
    await expect(starting).rejects.toMatchObject({ entity: 'lines', argument: 'x-queue-type', wanted: 'stream' })
    const checking = await connectTo({ topology: 'check' })
    const refused = reader(checking).subscriber.start()
    await expect(refused).rejects.toBeInstanceOf(BrokerError)
    await expect(refused).rejects.toThrow(/x-stream-offset.*lines/)
  })
})
