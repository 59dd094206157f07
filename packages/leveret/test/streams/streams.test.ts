import { describe, expect, expectTypeOf } from 'vitest'
import { z } from 'zod'
import { fanoutExchange, headersExchange, MemoryOffsetStore, Publisher, Subscriber, stream } from '../../src/index.js'
import { journal, linesOf, range, reader, write } from '../support/journal.js'
import { stranger } from '../support/stranger.js'
import { eventually, gate, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

describe('a stream', () => {
  test('is replayed from the first message, by each reader alone, with its offsets, in order', async ({ rabbit }) => {
    const first = reader(rabbit)
    await first.subscriber.start()
    await write(rabbit, range(0, 499))
    await eventually(() => expect(first.seen).toHaveLength(500))
    const offsets: unknown[] = []
    const second = reader(rabbit, {}, { handle: (_n, { offset }) => offsets.push(offset) })
    await second.subscriber.start()
    await eventually(() => expect(second.seen).toEqual(range(0, 499)))
    expect(offsets).toEqual(range(0, 499))
    expect(first.seen).toEqual(range(0, 499))
    expect(second.subscriber.queueName).toBe('lines')
  })

  test('is read from an offset, from a time, from its last chunk, or from what comes next', async ({ rabbit }) => {
    await reader(rabbit).subscriber.start()
    await write(rabbit, range(0, 99))
    const since = new Date()
    const from = async (offset: 'last' | 'next' | number | Date): Promise<number[]> => {
      const { subscriber, seen } = reader(rabbit, { offset })
      await subscriber.start()
      return seen
    }
    const [fifty, last, next, end, earlier] = [
      await from(50),
      await from('last'),
      await from('next'),
      await from(100),
      await from(new Date(since.getTime() - 600_000)),
    ]
    const later = await from(new Date(Date.now() + 600_000))
    await write(rabbit, [100])
    await eventually(() => expect([fifty, earlier].map((seen) => seen.at(-1))).toEqual([100, 100]))
    expect(fifty).toEqual(range(50, 100))
    expect(earlier).toEqual(range(0, 100))
    // Where a chunk begins is the broker's choice.
    await eventually(() => expect(last?.at(-1)).toBe(100))
    expect(last).toEqual(range(last?.[0] ?? 0, 100))
    expect(last?.[0]).toBeLessThan(100)
    await eventually(() => expect([next, end, later]).toEqual([[100], [100], [100]]))
  })

  test('keeps what its retention says, and is declared with nothing else', async ({ rabbit, vhost }) => {
    const retention = { maxAge: '7D', maxBytes: 1_000_000, maxSegmentBytes: 100_000 }
    await reader(rabbit, { retention }).subscriber.start()
    await eventually(async () =>
      expect(await vhost.queue('lines')).toMatchObject({
        durable: true,
        arguments: {
          'x-queue-type': 'stream',
          'x-max-age': '7D',
          'x-max-length-bytes': 1_000_000,
          'x-stream-max-segment-size-bytes': 100_000,
        },
      }),
    )
    await reader(rabbit, { name: 'all' }).subscriber.start()
    await eventually(async () => expect((await vhost.queue('all'))?.arguments).toEqual({ 'x-queue-type': 'stream' }))
  })

  test('gets and keeps what its contract says, whatever a reader asks for', async ({ rabbit, vhost, broker }) => {
    const lines = linesOf({ retention: { maxAge: '7D' } })
    const one: number[] = []
    const store = new MemoryOffsetStore()
    const told: unknown[] = []
    const picky = new Subscriber(rabbit, lines, ({ payload }) => one.push(payload.n), {
      offset: 'first',
      only: ['line.b'],
      store,
      saveEveryMs: 0,
    })
    for (const name of ['delivery.ignored', 'delivery.acked', 'binding.unexpected'] as const)
      picky.on(name, () => told.push(name))
    await picky.start()
    const publisher = new Publisher(rabbit, journal)
    await publisher.publish('line.a', { n: 1 })
    await publisher.publish('line.b', { n: 2 })
    for (const n of range(3, 200)) await publisher.publish('line.a', { n })
    await eventually(async () => expect(await store.load()).toBe(200))
    expect([one, told]).toEqual([[2], ['delivery.acked']])
    const all: number[] = []
    await new Subscriber(rabbit, lines, ({ payload }) => all.push(payload.n), { offset: 'first' }).start()
    await eventually(() => expect(all).toEqual(range(1, 200)))
    const bindings = (await broker.management.bindings(vhost.name)).filter(({ source }) => source === 'journal')
    expect(bindings.map(({ routing_key }) => routing_key)).toEqual(['line.#'])
    expect((await vhost.queue('lines'))?.arguments).toEqual({ 'x-queue-type': 'stream', 'x-max-age': '7D' })
  })

  test('of a fanout or headers exchange is read too, in order also when a schema takes its time', async ({
    rabbit,
  }) => {
    const slow = z.int().refine(async (n) => {
      await new Promise((resolve) => setTimeout(resolve, n % 2 === 0 ? 20 : 0))
      return true
    })
    const all = fanoutExchange('all', { payload: slow })
    const seen: number[] = []
    const handler = ({ payload }: { payload: number }): unknown => {
      expectTypeOf(payload).toEqualTypeOf<number>()
      return seen.push(payload)
    }
    await new Subscriber(rabbit, stream('all', { of: all }), handler).start()
    const reports = headersExchange('reports', { headers: z.object({ year: z.int() }), payload: z.string() })
    const read: unknown[] = []
    const kept = stream('reports', { of: reports, headers: [{ year: 2026 }] })
    await new Subscriber(rabbit, kept, ({ headers, payload }) => read.push([headers.year, payload])).start()
    const publisher = new Publisher(rabbit, all)
    for (const n of range(0, 9)) await publisher.publish(n)
    await new Publisher(rabbit, reports).publish({ year: 2026 }, 'all well')
    await eventually(() => expect([seen, read]).toEqual([range(0, 9), [[2026, 'all well']]]))
  })

  test('takes the offsets from the broker, whatever a sender writes', async ({ rabbit, vhost }) => {
    const offsets: unknown[] = []
    const { subscriber } = reader(rabbit, {}, { handle: (_n, { offset }) => offsets.push(offset) })
    await subscriber.start()
    await using other = await stranger(vhost.url)
    const options = { contentType: 'application/json', headers: { 'x-stream-offset': 7_000 } }
    other.channel.publish('journal', 'line.forged', Buffer.from('{"n":1}'), options)
    other.channel.publish('journal', 'line.forged', Buffer.from('{"n":2}'), {
      ...options,
      headers: { 'x-stream-offset': 'x' },
    })
    await write(rabbit, [3])
    await eventually(() => expect(offsets).toEqual([0, 1, 2]))
  })
})

describe('a reader of a stream', () => {
  test('that pauses begins nothing, and goes on without a gap or a repetition', async ({ rabbit }) => {
    const hold = gate()
    const { subscriber, seen } = reader(
      rabbit,
      {},
      { prefetch: 5, handle: async (n) => (n === 3 ? hold.opened : undefined) },
    )
    await subscriber.start()
    await write(rabbit, range(0, 99))
    await eventually(() => expect(seen).toEqual(range(0, 3)))
    await subscriber.pause()
    hold.open()
    await eventually(() => expect(rabbit.health().roles[0]).toMatchObject({ inFlight: 0, attached: false }))
    expect(seen).toEqual(range(0, 3))
    await subscriber.resume()
    await eventually(() => expect(seen).toHaveLength(100))
    expect(seen).toEqual(range(0, 99))
  })

  test('that closes ends what it has begun, does not wait for a next attempt, and disturbs no other', async ({
    rabbit,
  }) => {
    const other = reader(rabbit)
    const losses: unknown[] = []
    other.subscriber.on('channel.lost', (event) => losses.push(event))
    await other.subscriber.start()
    const failed: unknown[] = []
    const options = { retry: { delaysMs: [3_600_000] }, handle: () => Promise.reject(new Error('later')) }
    const { subscriber, seen } = reader(rabbit, {}, options)
    subscriber.on('delivery.retried', (event) => failed.push(event))
    await subscriber.start()
    await write(rabbit, range(0, 200))
    await eventually(() => expect(failed).toHaveLength(1))
    await subscriber.close()
    expect(seen).toEqual([0])
    await write(rabbit, [201])
    // RabbitMQ 3.10 closes the whole connection over what is given back to a stream.
    await eventually(() => expect(other.seen).toEqual(range(0, 201)))
    expect(losses).toEqual([])
  })
})
