import { describe, expect } from 'vitest'
import { type Connection, type EventItem, type ManualDelivery, Subscriber } from '../../src/index.js'
import { linesOf, range, write } from '../support/journal.js'
import { eventually, gate, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

/** Notes each offset that is saved. */
class Saved {
  readonly offsets: number[] = []

  async load(): Promise<number | undefined> {
    return this.offsets.at(-1)
  }

  async save(offset: number): Promise<void> {
    this.offsets.push(offset)
  }
}

type Items = readonly EventItem<ReturnType<typeof linesOf>>[]

/** Reads the stream `lines` in batches of ten. */
function batches(
  rabbit: Connection,
  store: Saved,
  handle: (numbers: number[], items: Items) => unknown,
  { retry }: { readonly retry?: { readonly delaysMs: number[] } } = {},
) {
  return new Subscriber(
    rabbit,
    linesOf(retry === undefined ? {} : { retry }),
    (items) =>
      handle(
        items.map(({ event }) => event.payload.n),
        items,
      ),
    { offset: 'first', store, saveEveryMs: 0, batch: { size: 10, waitMs: 500 } },
  )
}

describe('a reader of a stream', () => {
  test('gets batches in order, and saves the offset behind the last of each', async ({ rabbit }) => {
    const store = new Saved()
    const seen: number[][] = []
    await batches(rabbit, store, (numbers) => void seen.push(numbers)).start()
    await write(rabbit, range(0, 49))
    await eventually(() => expect(store.offsets.at(-1)).toBe(50))
    expect(seen.flat()).toEqual(range(0, 49))
    expect(store.offsets.every((offset) => offset % 10 === 0)).toBe(true)
  })

  test('tries again together, in their place, what failed of a batch, and what comes behind it waits', async ({
    rabbit,
  }) => {
    const store = new Saved()
    const seen: [number[], number[]][] = []
    const dropped: unknown[] = []
    const subscriber = batches(
      rabbit,
      store,
      (numbers, items) => {
        seen.push([numbers, items.map(({ delivery }) => delivery.attempt)])
        return Promise.allSettled(numbers.map(async (n) => (n % 10 > 7 ? Promise.reject(new Error('no')) : undefined)))
      },
      { retry: { delaysMs: [50] } },
    )
    subscriber.on('delivery.dropped', ({ offset, attempt }) => dropped.push([offset, attempt]))
    await subscriber.start()
    await write(rabbit, range(0, 19))
    await eventually(() => expect(store.offsets.at(-1)).toBe(20))
    expect(seen).toEqual([
      [range(0, 9), Array(10).fill(1)],
      [
        [8, 9],
        [2, 2],
      ],
      [range(10, 19), Array(10).fill(1)],
      [
        [18, 19],
        [2, 2],
      ],
    ])
    expect(dropped).toEqual([8, 9, 18, 19].map((offset) => [offset, 2]))
    expect(store.offsets.every((offset) => [0, 8, 10, 18, 20].includes(offset))).toBe(true)
  })

  test('misses nothing when its connection is lost amid a batch', async ({ rabbit, connectTo, proxy, vhost }) => {
    const store = new Saved()
    const seen: number[][] = []
    const hold = gate()
    const begun = gate()
    const cut = await connectTo({}, proxy.urlFor(vhost.url))
    const handle = async (numbers: number[]): Promise<void> => {
      seen.push(numbers)
      begun.open()
      if (seen.length === 1) await hold.opened
    }
    await batches(cut, store, handle).start()
    await write(rabbit, range(0, 29))
    await begun.opened
    proxy.reset()
    await eventually(() => expect(cut.health().roles).toMatchObject([{ attached: false }]))
    hold.open()
    await eventually(() => expect(store.offsets.at(-1)).toBe(30), { timeoutMs: 20_000 })
    expect([...new Set(seen.flat())]).toEqual(range(0, 29))
    expect(seen.slice(1).flat()).toEqual(range(0, 29))
  })

  test('closes at once while a batch waits for its next attempt', async ({ rabbit }) => {
    const store = new Saved()
    const failed: unknown[] = []
    const subscriber = batches(rabbit, store, () => Promise.reject(new Error('later')), {
      retry: { delaysMs: [3_600_000] },
    })
    subscriber.on('delivery.retried', ({ offset }) => failed.push(offset))
    await subscriber.start()
    await write(rabbit, range(0, 19))
    await eventually(() => expect(failed).toHaveLength(10))
    await subscriber.close()
    expect(store.offsets.every((offset) => offset === 0)).toBe(true)
    const seen: number[][] = []
    await batches(rabbit, store, (numbers) => void seen.push(numbers)).start()
    await eventually(() => expect(seen.flat()).toEqual(range(0, 19)))
  })

  test('settles by hand, in the place of each, also after its handler has returned', async ({ rabbit }) => {
    const store = new Saved()
    const seen: [number, number][] = []
    const held: ManualDelivery[] = []
    const handler = ({ payload: { n } }: { payload: { n: number } }, delivery: ManualDelivery): void => {
      seen.push([n, delivery.attempt])
      if (n === 0 && delivery.attempt === 1) void delivery.retry()
      else if (n === 1) void delivery.deadLetter('bad')
      else if (n === 2) held.push(delivery)
      else void delivery.ack()
    }
    const subscriber = new Subscriber(rabbit, linesOf({ retry: { delaysMs: [50] } }), handler, {
      offset: 'first',
      store,
      saveEveryMs: 0,
      acknowledge: 'manual',
    })
    const dropped = new Promise((resolve) => subscriber.on('delivery.dropped', resolve))
    await subscriber.start()
    await write(rabbit, range(0, 4))
    expect(await dropped).toMatchObject({ offset: 1, attempt: 1, reason: 'rejected' })
    await eventually(() => expect(held).toHaveLength(1))
    expect(seen).toEqual([
      [0, 1],
      [0, 2],
      [1, 1],
      [2, 1],
    ])
    expect(await held[0]?.ack()).toBe('acked')
    await eventually(() => expect(store.offsets.at(-1)).toBe(5))
    expect(seen.slice(4)).toEqual([
      [3, 1],
      [4, 1],
    ])
  })

  test("refuses acknowledge: 'none', and a prefetch that no batch fits in", ({ rabbit }) => {
    const handler = (): void => undefined
    const make = (options: object) => () => new Subscriber(rabbit, linesOf(), handler, options)
    expect(make({ acknowledge: 'none' })).toThrow("acknowledge: 'none' is not for streams")
    expect(make({ batch: { size: 200, waitMs: 1 }, prefetch: 100 })).toThrow('prefetch')
    expect(make({ batch: { size: 200, waitMs: 1 } })).not.toThrow()
  })
})
