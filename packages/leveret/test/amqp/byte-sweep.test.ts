import { type FaultProxy, startFaultProxy } from '@leveret/testing'
import { describe, expect } from 'vitest'
import { type Connection, type ConnectOptions, connect, Producer, Worker } from '../../src/index.js'
import { eventually, firstEvent, stable, tasks, test } from '../support/support.js'
import { forbidSurprises, settled } from '../support/surprises.js'

// Every place at which the broker's bytes can end: inside a frame header, a method, a string, between two frames.
const OFFSETS = Array.from({ length: 38 }, (_, index) => 1 + index * 40)
/** An idle close is a hundred bytes or so: cancel-ok, channel.close-ok, connection.close-ok. */
const CLOSE_OFFSETS = Array.from({ length: 38 }, (_, index) => index * 3)
const AT_ONCE = 8

const HASTY: ConnectOptions = { startupTimeoutMs: 400, connectTimeoutMs: 400, publishTimeoutMs: 600 }

forbidSurprises()

/** Runs one case for each offset, each with a proxy of its own. */
async function sweep<T>(
  url: string,
  offsets: readonly number[],
  run: (offset: number, proxy: FaultProxy) => Promise<T>,
): Promise<T[]> {
  const results: T[] = []
  for (let first = 0; first < offsets.length; first += AT_ONCE) {
    const group = offsets.slice(first, first + AT_ONCE).map(async (offset) => {
      await using proxy = await startFaultProxy({ to: url })
      return await run(offset, proxy)
    })
    results.push(...(await Promise.all(group)))
  }
  return results
}

async function use(rabbit: Connection): Promise<void> {
  await Promise.all([
    settled(new Worker(rabbit, tasks, () => undefined).start()),
    settled(new Producer(rabbit, tasks).send({ n: 1 })),
  ])
}

describe('a link cut after so many bytes from the broker', () => {
  test('while connecting, declaring and consuming: all settles, and nothing crashes', async ({ vhost }) => {
    const outcomes = await sweep(vhost.url, OFFSETS, async (offset, proxy) => {
      proxy.cutAfterServerBytes(offset)
      const connecting = connect(proxy.urlFor(vhost.url), HASTY)
      const outcome = await settled(connecting)
      if (outcome === 'done') {
        const rabbit = await connecting
        await use(rabbit)
        await rabbit.close({ timeoutMs: 500 })
      }
      return outcome
    })
    expect(new Set(outcomes)).toEqual(new Set(['done', 'failed']))
    await eventually(async () => expect(await vhost.connections()).toHaveLength(0))
  })

  test('while reconnecting: it comes back as soon as the link holds', async ({ vhost }) => {
    const seen = new Set<number>()
    await sweep(vhost.url, OFFSETS, async (offset, proxy) => {
      const rabbit = await connect(proxy.urlFor(vhost.url), { connectTimeoutMs: 2_000 })
      await new Worker(rabbit, tasks, ({ n }) => void seen.add(n)).start()
      await stable()
      const lost = firstEvent(rabbit, 'disconnected')
      proxy.cutAfterServerBytes(offset)
      proxy.reset()
      await lost
      // The next link dies in its handshake, or soon after, or has not had that many bytes yet when it is used.
      await Promise.race([firstEvent(rabbit, 'connect-failed'), firstEvent(rabbit, 'connected')])
      const sent = new Producer(rabbit, tasks).send({ n: offset })
      proxy.cutAfterServerBytes(undefined)
      await sent
      await eventually(() => expect(seen).toContain(offset), { timeoutMs: 20_000 })
      await eventually(() => expect(rabbit.health()).toMatchObject({ ready: true }), { timeoutMs: 20_000 })
      await rabbit.close()
    })
    await eventually(async () => expect(await vhost.connections()).toHaveLength(0))
  }, 120_000)

  test('while closing: close resolves at once, because there is nothing left to wait for, and leaves nothing', async ({
    vhost,
  }) => {
    await sweep(vhost.url, CLOSE_OFFSETS, async (offset, proxy) => {
      const rabbit = await connect(proxy.urlFor(vhost.url))
      await use(rabbit)
      proxy.cutAfterMoreServerBytes(offset)
      const started = performance.now()
      await rabbit.close({ timeoutMs: 20_000 })
      expect(performance.now() - started).toBeLessThan(4_000)
      expect(rabbit.state).toBe('closed')
      await eventually(() => expect(proxy.connections).toBe(0))
    })
    await eventually(async () => expect(await vhost.connections()).toHaveLength(0))
  })

  test('while closing with running sends and handlers: close resolves, and every send settles', async ({ vhost }) => {
    const outcomes = await sweep(vhost.url, OFFSETS, async (offset, proxy) => {
      const rabbit = await connect(proxy.urlFor(vhost.url))
      await use(rabbit)
      const producer = new Producer(rabbit, tasks)
      proxy.cutAfterMoreServerBytes(offset)
      const sends = Array.from({ length: 20 }, (_, n) => settled(producer.send({ n })))
      await rabbit.close({ timeoutMs: 5_000 })
      return await Promise.all(sends)
    })
    expect(new Set(outcomes.flat())).toContain('done')
    await eventually(async () => expect(await vhost.connections()).toHaveLength(0))
  })
})
