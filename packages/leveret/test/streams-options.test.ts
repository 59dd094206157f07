import { describe, expect } from 'vitest'
import { BrokerError, MemoryOffsetStore, OptionsError, Subscriber, TopologyMismatchError } from '../src/index.js'
import { journal, reader } from './journal.js'
import { test } from './support.js'

const handler = (): void => undefined
const bindingKeys = ['line.#'] as const

describe('the options of a stream', () => {
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
    ['retention.maxAge', { retention: { maxAge: '7 days' } }],
    ['retention.maxBytes', { retention: { maxBytes: 0 } }],
    ['name', { name: '' }],
    ['there is no option ofset', { ofset: 'first' }],
  ])('refuse a wrong %s: %o', ([where, stream], { rabbit }) => {
    const make = (): unknown => reader(rabbit, stream)
    expect(make).toThrow(OptionsError)
    expect(make).toThrow(where)
  })

  test('go with nothing that is about a queue', async ({ rabbit }) => {
    const stream = { name: 'lines' }
    const make = (options: object) => (): unknown =>
      new Subscriber(rabbit, journal, handler, { bindingKeys, stream, ...options })
    expect(make({ queue: 'lines' })).toThrow('Subscriber: queue is not for streams')
    expect(make({ settings: {} })).toThrow('Subscriber: settings is not for streams')
    expect(make({ maxLength: 1 })).toThrow('Subscriber: maxLength is not for streams')
    expect(make({ onInvalid: 'retry' })).toThrow('Subscriber: onInvalid is not for streams')
    expect(make({ isolation: true })).toThrow('Subscriber: isolation is not for streams')
    const native = { minMs: 1, maxMs: 1, attempts: 2 }
    expect(make({ retry: { native } })).toThrow('Subscriber: retry.native is not for streams')
  })

  test('that are about a queue do not compile beside them', ({ rabbit }) => {
    const stream = { name: 'lines' }
    const wrong = [
      // @ts-expect-error a stream and a queue
      () => new Subscriber(rabbit, journal, handler, { bindingKeys, stream, queue: 'lines' }),
      // @ts-expect-error a stream has no such bound
      () => new Subscriber(rabbit, journal, handler, { bindingKeys, stream, maxLength: 1 }),
      // @ts-expect-error nothing says how often a delivery has come back
      () => new Subscriber(rabbit, journal, handler, { bindingKeys, stream, isolation: true }),
      // @ts-expect-error nothing holds it back
      () => new Subscriber(rabbit, journal, handler, { bindingKeys, stream, retry: { native: { minMs: 1 } } }),
      // @ts-expect-error no such beginning
      () => new Subscriber(rabbit, journal, handler, { bindingKeys, stream: { ...stream, offset: 'latest' } }),
    ]
    for (const make of wrong) expect(make).toThrow(OptionsError)
  })

  test('are all taken together', async ({ rabbit }) => {
    const stream = { name: 'lines', offset: new Date(), store: new MemoryOffsetStore(), saveEveryMs: 0 }
    const others = { concurrency: 4, prefetch: 500, retry: { delaysMs: [10] }, deadLetter: { queue: 'lost' } } as const
    const orderBy = ({ routingKey }: { routingKey: string }): string => routingKey
    const subscriber = new Subscriber(rabbit, journal, handler, { bindingKeys, stream, orderBy, ...others })
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
