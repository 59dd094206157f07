import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import { type Connection, Producer, RpcClient, RpcServer, text, workQueue } from '../../src/index.js'
import { double } from '../support/rpc.js'
import { stranger } from '../support/stranger.js'
import { eventually, tasks, test } from '../support/support.js'

const noise = workQueue('noise', { payload: z.object({ n: z.int() }), deadLetter: false, retry: false })
const blobs = workQueue('blobs', { payload: z.string(), codec: text, deadLetter: false, retry: false })

/** As many loops as fill every bound, each of which sends again as soon as its last send has settled. */
async function filled<T>(rabbit: Connection, loops: number, meanwhile: () => Promise<T>): Promise<T> {
  const producer = new Producer(rabbit, noise)
  await producer.send({ n: 0 })
  let isOver = false
  const loop = async (): Promise<void> => {
    // Some are refused where others have their share.
    while (!isOver) await producer.send({ n: 1 }).catch(async () => await nextTurn())
  }
  const all = Promise.all(Array.from({ length: loops }, loop))
  try {
    return await meanwhile()
  } finally {
    isOver = true
    await all
  }
}

describe('beside a producer that fills the bounds', () => {
  test('another one sends all that it has, each in its time', async ({ connectTo }) => {
    const rabbit = await connectTo({ maxInFlight: 20, maxQueued: 20 })
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 0 })
    const payloads = Array.from({ length: 5 }, (_, n) => ({ n }))
    const sent = filled(rabbit, 40, async () => await producer.sendAll(payloads, { timeoutMs: 15_000 }))
    expect(await sent).toEqual({ sent: 5, failed: 0 })
  })

  test('a single send of another one is not refused', async ({ connectTo }) => {
    const rabbit = await connectTo({ maxInFlight: 20, maxQueued: 20 })
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 0 })
    await filled(rabbit, 40, async () => {
      for (let n = 0; n < 20; n += 1) await producer.send({ n })
    })
  })

  test('a server answers', async ({ connectTo }) => {
    const rabbit = await connectTo({ maxInFlight: 20, maxQueued: 20 })
    await new RpcServer(rabbit, double, ({ n }) => ({ doubled: 2 * n })).start()
    const client = new RpcClient(await connectTo(), double)
    const answers = filled(rabbit, 40, async () => await Promise.all([1, 2, 3, 4].map((n) => client.call({ n }))))
    expect(await answers).toEqual([2, 4, 6, 8].map((doubled) => ({ doubled })))
  })
})

test('what one producer sends is stored in the order of its calls, also where the bounds are hit', async ({
  connectTo,
  vhost,
}) => {
  const rabbit = await connectTo({ maxInFlight: 50, maxQueued: 50, maxQueuedBytes: 4 * 2 ** 20 })
  const producer = new Producer(rabbit, blobs)
  const order: string[] = []
  let singles: Promise<unknown>[] = []
  const named = (name: string, bytes: number): string => {
    order.push(name)
    return `${name} `.padEnd(bytes, 'x')
  }
  function* source(): Generator<string> {
    for (let n = 0; n < 300; n += 1) {
      yield named(`all-${n}`, [10, 1_000, 200_000, 2 ** 20][n % 4] ?? 10)
      // In between, from elsewhere in the program.
      if (n % 10 === 0) singles = [...singles, producer.send(named(`one-${n}`, 10 ** (1 + ((n / 10) % 5))))]
    }
  }
  expect(await producer.sendAll(source())).toEqual({ sent: 300, failed: 0 })
  await Promise.all(singles)
  await using other = await stranger(vhost.url)
  const stored: string[] = []
  await other.channel.consume('blobs', (message) => {
    stored.push(String(message?.content.subarray(0, 20)).split(' ', 1)[0] ?? '')
  })
  await eventually(() => expect(stored).toHaveLength(order.length))
  expect(stored).toEqual(order)
})

test('the bounds hold for the calls of all clients of a connection together', async ({ connectTo, proxy, vhost }) => {
  const rabbit = await connectTo({ maxQueued: 10 }, proxy.urlFor(vhost.url))
  await new Producer(rabbit, tasks).send({ n: 0 })
  proxy.refuse()
  proxy.reset()
  await eventually(() => expect(rabbit.state).toBe('reconnecting'))
  const clients = Array.from({ length: 5 }, () => new RpcClient(rabbit, double))
  const calls = clients.flatMap((client) =>
    Array.from({ length: 10 }, (_, n) => client.call({ n }, { timeoutMs: 500 })),
  )
  const names = (await Promise.allSettled(calls)).map((call) => (call.status === 'rejected' ? call.reason.name : 'ok'))
  const waited = names.filter((name) => name === 'RpcTimeoutError')
  expect(waited.length).toBeGreaterThanOrEqual(10)
  expect(waited.length).toBeLessThanOrEqual(20)
  expect(names.filter((name) => name === 'PublishError')).toHaveLength(50 - waited.length)
  await proxy.accept()
})

test('failFast does not wait behind what has timed out and has no answer yet', async ({ connectTo, proxy, vhost }) => {
  const rabbit = await connectTo({ maxInFlight: 3 }, proxy.urlFor(vhost.url))
  const producer = new Producer(rabbit, tasks)
  await producer.send({ n: 0 })
  proxy.blackHole()
  const late = [1, 2].map((n) => producer.send({ n }, { timeoutMs: 100 }))
  await Promise.allSettled(late)
  const waiting = producer.send({ n: 3 })
  await expect(producer.send({ n: 4 }, { failFast: true, timeoutMs: 5_000 })).rejects.toMatchObject({
    outcome: 'not-sent',
    message: expect.stringContaining('failFast'),
  })
  proxy.heal()
  await waiting
})
