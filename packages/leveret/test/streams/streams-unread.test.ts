import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  type Connection,
  MemoryOffsetStore,
  type Schema,
  Subscriber,
  stream,
  topicExchange,
  type UnknownPolicy,
} from '../../src/index.js'
import { range, write } from '../support/journal.js'
import { eventually, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

/** The journal for a reader whose schema may fail by itself, as one that asks a database does. */
function journalOf(check: (n: number) => unknown) {
  const validate = async (value: unknown): Promise<{ value: { n: number } }> => {
    const line = value as { n: number }
    await check(line.n)
    return { value: line }
  }
  const line: Schema<{ n: number }> = { '~standard': { version: 1, vendor: 'test', validate } }
  return topicExchange('journal', { 'line.#': line, 'note.#': z.string() })
}

interface Options {
  readonly concurrency?: number
  readonly onUnknown?: UnknownPolicy
}

/** A reader of the stream `lines` that notes what it is handed, and how deliveries end otherwise. */
function readerOf(
  rabbit: Connection,
  check: (n: number) => unknown,
  { concurrency = 1, onUnknown = 'ignore' }: Options = {},
) {
  const seen: number[] = []
  const told: unknown[] = []
  const store = new MemoryOffsetStore()
  const retry = { delaysMs: [50, 50] }
  const lines = stream('lines', { of: journalOf(check), bindingKeys: ['line.#'], retry, onUnknown })
  const reading = { offset: 'first', store, saveEveryMs: 0, concurrency } as const
  const subscriber = new Subscriber(rabbit, lines, ({ payload }) => void seen.push(payload.n), reading)
  subscriber.on('delivery.retried', ({ attempt, offset }) => told.push(['retried', attempt, offset]))
  subscriber.on('delivery.dropped', ({ attempt, offset, reason }) => told.push(['dropped', attempt, offset, reason]))
  return { subscriber, seen, told, store }
}

describe('an event of a stream that cannot be read', () => {
  test('because its schema fails by itself is read again in its place, and handled in its order', async ({
    rabbit,
  }) => {
    let failures = 0
    const { subscriber, seen, told, store } = readerOf(rabbit, (n) => {
      if (n !== 1 || failures === 2) return
      failures += 1
      throw new Error('the database restarts')
    })
    await subscriber.start()
    await write(rabbit, [0])
    await write(rabbit, [1])
    await write(rabbit, [2])
    await eventually(async () => expect(await store.load()).toBe(3))
    expect(seen).toEqual([0, 1, 2])
    expect(told).toEqual([
      ['retried', 1, 1],
      ['retried', 2, 1],
    ])
  })

  test('for all attempts is dropped and reported, and delays no other message', async ({ rabbit }) => {
    const { subscriber, seen, told, store } = readerOf(
      rabbit,
      (n) => {
        if (n === 1) throw new Error('no database')
      },
      { concurrency: 4 },
    )
    await subscriber.start()
    await write(rabbit, range(0, 9))
    await eventually(async () => expect(await store.load()).toBe(10))
    expect(seen.toSorted((a, b) => a - b)).toEqual([0, ...range(2, 9)])
    expect(told.at(-1)).toEqual(['dropped', 3, expect.any(Number), 'attempts-exhausted'])
  })

  test("because no template knows it is tried again in its place where onUnknown is 'retry'", async ({
    rabbit,
    vhost,
    broker,
  }) => {
    const { subscriber, seen, told, store } = readerOf(rabbit, () => undefined, { onUnknown: 'retry' })
    await subscriber.start()
    await broker.management.bindQueue(vhost.name, 'journal', 'lines', 'other')
    await broker.management.publish(vhost.name, { exchange: 'journal', routingKey: 'other', payload: '1' })
    await write(rabbit, [1])
    await eventually(async () => expect(await store.load()).toBe(2))
    expect(seen).toEqual([1])
    expect(told).toEqual([
      ['retried', 1, 0],
      ['retried', 2, 0],
      ['dropped', 3, 0, 'unknown-message'],
    ])
  })
})
