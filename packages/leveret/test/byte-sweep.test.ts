import { startFaultProxy } from '@leveret/testing'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { type Connection, connect, LeveretError, Producer, Worker } from '../src/index.js'
import { eventually, firstEvent, stable, tasks, test } from './support.js'

// Every place at which the broker's bytes can end: inside a frame header, a method, a string, between two frames.
const OFFSETS = Array.from({ length: 38 }, (_, index) => 1 + index * 40)

const surprises: unknown[] = []
const surprise = (error: unknown): void => void surprises.push(error)

beforeEach(() => {
  surprises.length = 0
  process.on('uncaughtException', surprise)
  process.on('unhandledRejection', surprise)
})

afterEach(() => {
  process.off('uncaughtException', surprise)
  process.off('unhandledRejection', surprise)
  expect(surprises).toEqual([])
})

/** Settles whatever happens; what it rejects with is ours. */
async function settled(work: Promise<unknown>): Promise<'done' | 'failed'> {
  return await work.then(
    () => 'done',
    (error: unknown) => {
      expect(error).toBeInstanceOf(LeveretError)
      return 'failed'
    },
  )
}

async function use(rabbit: Connection): Promise<void> {
  await Promise.all([
    settled(new Worker(rabbit, tasks, () => undefined).start()),
    settled(new Producer(rabbit, tasks).send({ n: 1 })),
  ])
}

describe('a link cut after so many bytes from the broker', () => {
  test('while connecting, declaring and consuming: all settles, and nothing crashes', async ({ vhost }) => {
    const outcomes = await Promise.all(
      OFFSETS.map(async (offset) => {
        await using proxy = await startFaultProxy({ to: vhost.url })
        proxy.cutAfterServerBytes(offset)
        const connecting = connect(proxy.urlFor(vhost.url), {
          startupTimeoutMs: 400,
          connectTimeoutMs: 400,
          publishTimeoutMs: 600,
        })
        const outcome = await settled(connecting)
        if (outcome === 'done') {
          const rabbit = await connecting
          await use(rabbit)
          await rabbit.close({ timeoutMs: 500 })
        }
        return outcome
      }),
    )
    expect(new Set(outcomes)).toEqual(new Set(['done', 'failed']))
    await eventually(async () => expect(await vhost.connections()).toHaveLength(0))
  })

  test('while reconnecting: it comes back as soon as the link holds', async ({ proxy, vhost, connectTo }) => {
    const rabbit = await connectTo({ connectTimeoutMs: 2_000 }, proxy.urlFor(vhost.url))
    const seen = new Set<number>()
    const worker = new Worker(rabbit, tasks, ({ n }) => void seen.add(n))
    await worker.start()
    const producer = new Producer(rabbit, tasks)
    for (const offset of OFFSETS.filter((_, index) => index % 4 === 0)) {
      await stable()
      proxy.cutAfterServerBytes(offset)
      const gone = firstEvent(rabbit, 'disconnected')
      proxy.reset()
      await gone
      proxy.cutAfterServerBytes(undefined)
      await producer.send({ n: offset })
      await eventually(() => expect(seen).toContain(offset), { timeoutMs: 20_000 })
    }
    await eventually(async () => expect(await vhost.consumers()).toHaveLength(1))
  }, 180_000)

  test('while closing: close resolves, and leaves nothing', async ({ proxy, vhost }) => {
    const url = proxy.urlFor(vhost.url)
    for (const offset of OFFSETS.slice(0, 8)) {
      proxy.cutAfterServerBytes(undefined)
      const rabbit = await connect(url)
      await use(rabbit)
      proxy.cutAfterServerBytes(offset)
      await rabbit.close({ timeoutMs: 1_000 })
      expect(rabbit.state).toBe('closed')
    }
    await eventually(async () => expect(await vhost.connections()).toHaveLength(0))
  })
})
