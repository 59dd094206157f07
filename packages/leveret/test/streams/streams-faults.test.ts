import { describe, expect } from 'vitest'
import { internalsOf } from '../../src/connection/connection.js'
import { MemoryOffsetStore } from '../../src/index.js'
import { StreamProbe } from '../../src/streams/stream-probe.js'
import { type Handle, once, range, reader, write } from '../support/journal.js'
import { stranger } from '../support/stranger.js'
import { eventually, gate, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

describe('a reader whose connection is reset', () => {
  test('goes on after the done messages: without a gap, and only unsettled messages are repeated', async ({
    rabbit,
    connectTo,
    proxy,
    vhost,
  }) => {
    const behind = await connectTo({}, proxy.urlFor(vhost.url))
    const resets = new Set([0, 400, 401, 1_200, 1_999])
    const { subscriber, seen } = reader(
      behind,
      {},
      {
        handle: (n) => {
          if (resets.delete(n)) proxy.reset()
        },
      },
    )
    await reader(rabbit).subscriber.start()
    await write(rabbit, range(0, 1_999))
    await subscriber.start()
    await eventually(() => expect(once(seen)).toHaveLength(2_000), { timeoutMs: 40_000 })
    expect(once(seen)).toEqual(range(0, 1_999))
    await eventually(() => expect(rabbit.health()).toMatchObject({ ready: true }))
    // One handler at a time, so one is unsettled at each reset.
    expect(seen.length).toBeLessThanOrEqual(2_000 + 5)
  })

  test('repeats what was done ahead of what was not, and nothing before it', async ({
    rabbit,
    connectTo,
    proxy,
    vhost,
  }) => {
    const behind = await connectTo({}, proxy.urlFor(vhost.url))
    const hold = gate()
    const { subscriber, seen } = reader(
      behind,
      {},
      { concurrency: 4, handle: async (n) => (n === 20 ? hold.opened : undefined) },
    )
    await subscriber.start()
    await write(rabbit, range(0, 99))
    await eventually(() => expect(once(seen)).toHaveLength(100))
    await eventually(() => expect(behind.health().roles[0]).toMatchObject({ inFlight: 1 }))
    const before = seen.length
    proxy.reset()
    await eventually(() => expect(seen.slice(before)).toContain(99))
    hold.open()
    await eventually(() => expect(behind.health().roles[0]).toMatchObject({ inFlight: 0 }))
    expect(seen.slice(before)).toEqual(range(20, 99))
  })

  test('misses nothing of what comes next, also before anything has come', async ({
    rabbit,
    connectTo,
    proxy,
    vhost,
  }) => {
    const behind = await connectTo({}, proxy.urlFor(vhost.url))
    await reader(rabbit).subscriber.start()
    await write(rabbit, range(0, 9))
    const readers = (['next', 'last', new Date(Date.now() + 600_000)] as const).map((offset) =>
      reader(behind, { offset }),
    )
    for (const { subscriber } of readers) await subscriber.start()
    proxy.refuse()
    proxy.reset()
    for (const n of range(10, 19)) await write(rabbit, [n])
    await proxy.accept()
    await eventually(() => expect(readers.map(({ seen }) => seen.at(-1))).toEqual([19, 19, 19]), { timeoutMs: 20_000 })
    const [next, last, later] = readers
    expect(next?.seen).toEqual(range(10, 19))
    expect(later?.seen).toEqual(range(10, 19))
    expect(once(last?.seen ?? [])).toEqual(range(last?.seen[0] ?? -1, 19))
    expect(last?.seen[0]).toBeLessThan(10)
  })

  test('still knows how many attempts have failed', async ({ rabbit, connectTo, proxy, vhost }) => {
    const behind = await connectTo({}, proxy.urlFor(vhost.url))
    const attempts: number[] = []
    const { subscriber } = reader(
      behind,
      {},
      {
        retry: { delaysMs: [10, 10] },
        handle: (_n, { attempt }) => {
          attempts.push(attempt)
          if (attempts.length < 20) proxy.reset()
          throw new Error('always')
        },
      },
    )
    const told: string[] = []
    subscriber.on('delivery.retried', ({ attempt }) => told.push(`failed ${attempt}`))
    subscriber.on('delivery.dropped', ({ attempt }) => told.push(`dropped ${attempt}`))
    await subscriber.start()
    await write(rabbit, [0])
    await eventually(() => expect(told.at(-1)).toBe('dropped 3'), { timeoutMs: 40_000 })
    expect(attempts).toEqual([...attempts].sort())
    expect(told).toEqual(['failed 1', 'failed 2', 'dropped 3'])
  })
})

describe('a stream', () => {
  test('that is deleted under its reader is declared again, reported, and read from its first message', async ({
    rabbit,
    vhost,
    broker,
  }) => {
    const store = new MemoryOffsetStore()
    const { subscriber, seen, told } = reader(rabbit, { store, saveEveryMs: 0 })
    await subscriber.start()
    await write(rabbit, range(0, 9))
    await eventually(async () => expect(await store.load()).toBe(10))
    await broker.management.deleteQueue(vhost.name, 'lines')
    await eventually(() => expect(told).toMatchObject([['stream.restarted', { offset: 10 }]]))
    await eventually(() => expect(rabbit.health()).toMatchObject({ ready: true }))
    await write(rabbit, range(10, 12))
    await eventually(() => expect(seen).toEqual(range(0, 12)))
    await eventually(async () => expect(await store.load()).toBe(3))
  })

  test('that ends before the stored offset is reported, and read from its first message', async ({ rabbit }) => {
    await reader(rabbit).subscriber.start()
    await write(rabbit, range(0, 9))
    const store = new MemoryOffsetStore()
    await store.save(11)
    const { subscriber, seen, told } = reader(rabbit, { store })
    await subscriber.start()
    expect(told).toMatchObject([['stream.restarted', { offset: 11 }]])
    await eventually(() => expect(seen).toEqual(range(0, 9)))
  })

  test('that its retention has cut is read from its oldest message, and the gap is reported', async ({
    rabbit,
    vhost,
  }) => {
    const retention = { maxBytes: 200_000, maxSegmentBytes: 50_000 }
    await reader(rabbit, { retention, offset: 'next' }).subscriber.start()
    await writeLong(vhost.url)
    const offsets: (number | undefined)[] = []
    // Retention does its work when a segment is full, after the confirms. Some offsets are the broker's own.
    await eventually(async () => {
      offsets.length = 0
      const store = new MemoryOffsetStore()
      await store.save(3)
      const handle: Handle = (_n, { offset }) => offsets.push(offset)
      const { subscriber, seen, told } = reader(rabbit, { retention, store }, { handle })
      await subscriber.start()
      await eventually(() => expect(seen.at(-1)).toBe(99))
      await subscriber.close()
      const [first = 0] = offsets
      expect(first).toBeGreaterThan(3)
      expect(told).toMatchObject([['stream.truncated', { from: 3, to: first - 1 }]])
      expect(offsets.at(-1)).toBeGreaterThan(99)
      expect(seen).toEqual(range(seen[0] ?? -1, 99))
    })
  })

  test('that its retention cuts under a slow reader goes on with its oldest message, and the gap is reported', async ({
    rabbit,
    vhost,
  }) => {
    const hold = gate()
    const offsets: number[] = []
    const handle: Handle = async (_n, { offset }) => {
      offsets.push(offset ?? -1)
      await hold.opened
    }
    const retention = { maxBytes: 200_000, maxSegmentBytes: 50_000 }
    const { subscriber, seen, told } = reader(rabbit, { retention }, { prefetch: 1, handle })
    await subscriber.start()
    await writeLong(vhost.url)
    // What it holds is of the first segment; retention does its work after the confirms.
    const probe = new StreamProbe(internalsOf(rabbit).consumeLane, 'lines')
    const { signal } = new AbortController()
    const patience = { timeoutMs: 30_000 }
    await eventually(async () => expect(await probe.first('first', 0, signal)).toBeGreaterThan(50), patience)
    hold.open()
    await eventually(() => expect(seen.at(-1)).toBe(99), patience)
    // Retention may still be at work, and cut once more under the reader.
    const gaps = offsets.flatMap((offset, index) => {
      const before = offsets[index - 1] ?? offset
      return offset > before + 2 ? [['stream.truncated', { from: before + 1, to: offset - 1 }]] : []
    })
    expect(gaps.length).toBeGreaterThan(0)
    await eventually(() => expect(told).toMatchObject(gaps))
  })
})

/** Publishes 100 lines of 10 kB each, one after the other. */
async function writeLong(url: string): Promise<void> {
  await using other = await stranger(url)
  for (let n = 0; n < 100; n += 1) {
    const content = Buffer.from(JSON.stringify({ n, pad: 'x'.repeat(10_000) }))
    other.channel.publish('journal', 'line.long', content, { contentType: 'application/json' })
    await other.channel.waitForConfirms()
  }
}
