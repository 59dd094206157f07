import { describe, expect } from 'vitest'
import type { Connection } from '../../src/index.js'
import { type JournalReader, range, reader, write } from '../support/journal.js'
import { eventually, firstEvent, stable, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

const fail = (): never => {
  throw new Error('not yet')
}

const quick = { delaysMs: [20, 20, 20] }

/** Resolves when a reader that is not paused has made all of its quick attempts at the first line, begun now. */
async function untilOthersGaveUp(rabbit: Connection): Promise<void> {
  const other = reader(rabbit, {}, { retry: quick, handle: fail })
  const dropped = firstEvent(other.subscriber as never, 'delivery.dropped')
  await other.subscriber.start()
  expect(await dropped).toMatchObject({ attempt: 4, offset: 0 })
  await other.subscriber.close()
}

/** A reader whose first attempt fails once it is paused. */
function pausedReader(rabbit: Connection, attempts: number[]): JournalReader {
  const paused: JournalReader = reader(
    rabbit,
    {},
    {
      retry: quick,
      handle: async (_n, { attempt }) => {
        if (attempt === 1) await paused.subscriber.pause()
        // Pushed in the turn in which it fails: an attempt that a lost connection ends is no attempt that failed.
        attempts.push(attempt)
        if (attempt < 3) fail()
      },
    },
  )
  return paused
}

describe('a reader of a stream that is paused', () => {
  test('makes no further attempt at what it holds, and goes on where it was', async ({ rabbit }) => {
    const attempts: number[] = []
    const { subscriber, seen } = pausedReader(rabbit, attempts)
    await subscriber.start()
    await write(rabbit, [1, 2])
    await eventually(() => expect(attempts).toEqual([1]))
    await untilOthersGaveUp(rabbit)
    expect(attempts).toEqual([1])
    await subscriber.resume()
    await eventually(() => expect(attempts).toEqual([1, 2, 3, 1]))
    expect(seen).toEqual([1, 1, 1, 2])
  })

  test('keeps the number of the attempt over a lost connection', async ({ rabbit, connectTo, proxy, vhost }) => {
    const attempts: number[] = []
    const shaken = await connectTo({}, proxy.urlFor(vhost.url))
    const { subscriber } = pausedReader(shaken, attempts)
    await subscriber.start()
    await stable()
    await write(rabbit, [1])
    await eventually(() => expect(attempts).toEqual([1]))
    const recovered = firstEvent(subscriber as never, 'channel.recovered')
    proxy.reset()
    await recovered
    await untilOthersGaveUp(rabbit)
    expect(attempts).toEqual([1])
    await subscriber.resume()
    await eventually(() => expect(attempts).toEqual([1, 2, 3]))
  })

  test('may be closed while an attempt is due', async ({ rabbit }) => {
    const attempts: number[] = []
    const { subscriber } = pausedReader(rabbit, attempts)
    await subscriber.start()
    await write(rabbit, [1])
    await eventually(() => expect(attempts).toEqual([1]))
    await untilOthersGaveUp(rabbit)
    await subscriber.close()
    expect(attempts).toEqual([1])
  })
})

describe("a stream reader's circuit breaker", () => {
  test.for([1, 3])(
    'that is open stops attempts in place, and tries one (concurrency %i)',
    async (concurrency, { rabbit }) => {
      const told: string[] = []
      let isDown = true
      const breaker = { failureRate: 0.5, minAttempts: 2, pauseMs: 300 }
      const { subscriber, seen } = reader(
        rabbit,
        {},
        {
          concurrency,
          breaker,
          retry: { delaysMs: Array.from({ length: 20 }, () => 20) },
          handle: () => {
            told.push('attempt')
            if (isDown) fail()
          },
        },
      )
      subscriber.on('paused', ({ by }) => told.push(`paused by ${by}`))
      subscriber.on('probing', () => {
        told.push('probing')
        if (told.filter((what) => what === 'probing').length === 2) isDown = false
      })
      const ended = Promise.race([
        firstEvent(subscriber as never, 'resumed'),
        firstEvent(subscriber as never, 'delivery.dropped'),
      ])
      await subscriber.start()
      await write(rabbit, range(1, concurrency))
      expect(await ended).toEqual({ role: 'subscriber', queue: 'lines' })
      const afterPause = told.slice(told.indexOf('paused by breaker'))
      expect(afterPause.slice(0, 5)).toEqual([
        'paused by breaker',
        'probing',
        'attempt',
        'paused by breaker',
        'probing',
      ])
      await eventually(() => expect(new Set(seen).size).toBe(concurrency))
    },
  )
})
