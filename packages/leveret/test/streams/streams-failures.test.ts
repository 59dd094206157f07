import { describe, expect } from 'vitest'
import { Publisher, Reject } from '../../src/index.js'
import { journal, range, reader, write } from '../support/journal.js'
import { drain } from '../support/letters.js'
import { stranger } from '../support/stranger.js'
import { eventually, gate, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

describe('what fails in a stream', () => {
  test('is tried again in its place, then reported and passed over, and later messages wait for it', async ({
    rabbit,
  }) => {
    const attempts: unknown[] = []
    const { subscriber, seen } = reader(
      rabbit,
      {},
      {
        retry: { delaysMs: [20, 20] },
        handle: (n, { attempt }) => {
          attempts.push([n, attempt])
          if (n === 1 || (n === 3 && attempt === 1)) throw new Error(`no ${n}`)
        },
      },
    )
    const dropped: unknown[] = []
    const retried: unknown[] = []
    subscriber.on('delivery.dropped', ({ offset, attempt, reason, failure }) =>
      dropped.push([offset, attempt, reason, failure.message]),
    )
    subscriber.on('delivery.retried', ({ offset, afterMs }) => retried.push([offset, afterMs]))
    await subscriber.start()
    await write(rabbit, range(0, 4))
    await eventually(() => expect(seen.at(-1)).toBe(4))
    expect(attempts).toEqual([
      [0, 1],
      [1, 1],
      [1, 2],
      [1, 3],
      [2, 1],
      [3, 1],
      [3, 2],
      [4, 1],
    ])
    expect(retried).toEqual([
      [1, 20],
      [1, 20],
      [3, 20],
    ])
    expect(dropped).toEqual([[1, 3, 'attempts-exhausted', 'no 1']])
  })

  test('delays no other message where more than one is handled at once', async ({ rabbit }) => {
    const hold = gate()
    const { subscriber, seen } = reader(
      rabbit,
      {},
      { concurrency: 2, handle: async (n) => (n === 0 ? hold.opened : undefined) },
    )
    await subscriber.start()
    await write(rabbit, range(0, 50))
    await eventually(() => expect(seen).toEqual(range(0, 50)))
    expect(rabbit.health().roles[0]).toMatchObject({ inFlight: 1 })
    hold.open()
  })

  test('is kept as a dead letter where that is asked for: also what does not fit, and what no template knows', async ({
    rabbit,
    vhost,
    broker,
  }) => {
    const { subscriber, seen } = reader(
      rabbit,
      {},
      {
        retry: false,
        deadLetter: {},
        onUnknown: 'dead-letter',
        handle: (n) => {
          if (n === 0) throw new Reject('not this one')
        },
      },
    )
    const dead: unknown[] = []
    subscriber.on('delivery.dead-lettered', ({ offset, reason }) => dead.push([offset, reason]))
    await subscriber.start()
    await broker.management.bindQueue(vhost.name, 'journal', 'lines', 'other')
    await write(rabbit, [0])
    await using other = await stranger(vhost.url)
    other.channel.publish('journal', 'line.a', Buffer.from('{"n":"one"}'), { contentType: 'application/json' })
    other.channel.publish('journal', 'other', Buffer.from('1'), { contentType: 'application/json' })
    await other.channel.waitForConfirms()
    await write(rabbit, [3])
    await eventually(() => expect(seen).toEqual([0, 3]))
    await eventually(() => expect(dead).toHaveLength(3))
    expect(dead).toEqual(
      expect.arrayContaining([
        [0, 'rejected'],
        [1, 'invalid-payload'],
        [2, 'unknown-message'],
      ]),
    )
    expect(await drain(rabbit, 'lines.dead-letter')).toHaveLength(3)
  })

  test('is dropped and reported without dead letters; unknown messages are ignored', async ({
    rabbit,
    vhost,
    broker,
  }) => {
    const { subscriber, seen } = reader(rabbit)
    const ended: unknown[] = []
    subscriber.on('delivery.dropped', ({ offset, reason }) => ended.push([offset, reason]))
    subscriber.on('delivery.ignored', ({ offset }) => ended.push([offset, 'ignored']))
    await subscriber.start()
    await broker.management.bindQueue(vhost.name, 'journal', 'lines', 'note.#')
    await new Publisher(rabbit, journal).publish('note.a', 'hello')
    await using other = await stranger(vhost.url)
    other.channel.publish('journal', 'line.a', Buffer.from('nonsense'), { contentType: 'application/json' })
    await other.channel.waitForConfirms()
    await write(rabbit, [2])
    await eventually(() => expect(seen).toEqual([2]))
    expect(ended).toEqual([
      [0, 'ignored'],
      [1, 'invalid-payload'],
    ])
    await expect(vhost.queue('lines.dead-letter')).rejects.toThrow('404')
  })

  test('opens a circuit breaker; after it reading goes on without a gap or a repetition', async ({ rabbit }) => {
    const handle = (n: number): void => {
      if (n < 8) throw new Error('no')
    }
    const breaker = { minAttempts: 5, failureRate: 0.5, pauseMs: 50 }
    const { subscriber, seen } = reader(rabbit, {}, { retry: false, prefetch: 3, breaker, handle })
    const told: string[] = []
    for (const name of ['paused', 'probing', 'resumed'] as const) subscriber.on(name, () => told.push(name))
    await subscriber.start()
    await write(rabbit, range(0, 199))
    await eventually(() => expect(seen).toHaveLength(200))
    expect(seen).toEqual(range(0, 199))
    expect(told.slice(0, 2)).toEqual(['paused', 'probing'])
    expect(told.at(-1)).toBe('resumed')
  })

  test('is not handled while another reader handles it, and not again when that is done', async ({ rabbit }) => {
    const states = ['in-progress', 'done', 'new'] as const
    let asked = 0
    const store = {
      begin: async () => states[asked++] ?? ('new' as const),
      done: async () => undefined,
      giveUp: async () => undefined,
    }
    const { subscriber, seen } = reader(rabbit, {}, { deduplicate: { store, ttlMs: 60_000 } })
    const told: unknown[] = []
    for (const name of ['delivery.postponed', 'delivery.skipped', 'delivery.acked'] as const) {
      subscriber.on(name, ({ offset, attempt }) => told.push([name, offset, attempt]))
    }
    await subscriber.start()
    await write(rabbit, [0, 1])
    await eventually(() => expect(told).toHaveLength(3))
    expect(told).toEqual([
      ['delivery.postponed', 0, 1],
      ['delivery.skipped', 0, 1],
      ['delivery.acked', 1, 1],
    ])
    expect(seen).toEqual([1])
  })
})
