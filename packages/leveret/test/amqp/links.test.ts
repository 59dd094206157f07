import type { FaultProxy } from '@leveret/testing'
import { describe, expect } from 'vitest'
import { type Connection, connect, Producer, type PublishError, Worker, workQueue } from '../../src/index.js'
import { eventually, firstEvent, gate, stable, tasks, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

const SOON = { timeoutMs: 20_000 }
/** Silence is noticed after two heartbeats. */
const QUICK = { heartbeatMs: 1_000, connectTimeoutMs: 2_000 }

forbidSurprises()

/** Each way to lose a link. What follows a black hole is silence until it is healed, for new links too. */
const FAULTS: readonly (readonly [name: string, fault: (proxy: FaultProxy) => void])[] = [
  ['ends (FIN)', (proxy) => proxy.end()],
  ['is reset (RST)', (proxy) => proxy.reset()],
  ['falls silent (black hole)', (proxy) => proxy.blackHole()],
]

/** Resolves when both lanes have been lost. */
async function bothLost(rabbit: Connection): Promise<void> {
  const lost = new Set<string>()
  const bothGone = gate()
  rabbit.on('disconnected', ({ lane }) => {
    lost.add(lane)
    if (lost.size === 2) bothGone.open()
  })
  await bothGone.opened
}

describe.for(FAULTS)('a link that %s', ([_name, fault]) => {
  test('while idle is found and replaced, and what is sent then arrives', async ({ connectTo, proxy, vhost }) => {
    const rabbit = await connectTo(QUICK, proxy.urlFor(vhost.url))
    const seen: number[] = []
    await new Worker(rabbit, tasks, ({ n }) => void seen.push(n)).start()
    await stable()
    const lost = bothLost(rabbit)
    fault(proxy)
    await lost
    proxy.heal()
    await eventually(() => expect(rabbit.health()).toMatchObject({ ready: true }), SOON)
    await new Producer(rabbit, tasks).send({ n: 1 })
    await eventually(() => expect(seen).toEqual([1]))
  })

  test('while publishing is found and replaced, and every send settles', async ({ connectTo, proxy, vhost }) => {
    const rabbit = await connectTo(QUICK, proxy.urlFor(vhost.url))
    const producer = new Producer(rabbit, tasks)
    const counts = { sent: 0, settled: 0 }
    const failures: unknown[] = []
    let publishing = true
    const publish = async (): Promise<void> => {
      while (publishing) {
        counts.sent += 1
        await producer.send({ n: counts.sent }).catch((error: unknown) => failures.push(error))
        counts.settled += 1
      }
    }
    const publishers = Promise.all(Array.from({ length: 20 }, publish))
    await eventually(() => expect(counts.settled).toBeGreaterThan(100), SOON)
    await stable()
    const lost = firstEvent(rabbit, 'disconnected')
    fault(proxy)
    expect(await lost).toMatchObject({ lane: 'publish', reason: { name: 'ConnectionError', reason: 'lost' } })
    proxy.heal()
    const before = counts.settled
    await eventually(() => expect(counts.settled).toBeGreaterThan(before + 100), SOON)
    publishing = false
    await publishers
    expect(counts.settled).toBe(counts.sent)
    // What was in flight was sent again, within its time.
    expect(failures).toEqual([])
  })

  test('a dead consuming link is found and replaced, and its unsettled deliveries come again', async ({
    connectTo,
    proxy,
    vhost,
  }) => {
    const rabbit = await connectTo({ ...QUICK, name: 'consuming' }, proxy.urlFor(vhost.url))
    const hold = gate()
    const handled = new Map<string, number[]>()
    const finished = new Set<number>()
    const worker = new Worker(rabbit, tasks, async ({ n }, { messageId = '' }) => {
      handled.set(messageId, [...(handled.get(messageId) ?? []), n])
      await hold.opened
      finished.add(n)
    })
    await worker.start()
    const producer = new Producer(rabbit, tasks)
    await Promise.all([1, 2, 3].map((n) => producer.send({ n })))
    await eventually(() => expect(handled.size).toBe(3))
    await stable()
    const lost = firstEvent(worker, 'channel.lost')
    fault(proxy)
    expect(await lost).toMatchObject({ reason: { name: 'ConnectionError', reason: 'lost' } })
    proxy.heal()
    await producer.send({ n: 4 })
    await eventually(() => expect(rabbit.health()).toMatchObject({ ready: true }), SOON)
    hold.open()
    await eventually(() => expect([...finished].sort()).toEqual([1, 2, 3, 4]), SOON)
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
    expect([...handled.values()].map(([n]) => n).sort()).toEqual([1, 2, 3, 4])
  })
})

test('a slow link is not mistaken for a dead one: nothing is lost, and nothing is sent twice', async ({
  connectTo,
  proxy,
  vhost,
}) => {
  const rabbit = await connectTo(QUICK, proxy.urlFor(vhost.url))
  const losses: unknown[] = []
  rabbit.on('disconnected', ({ reason }) => losses.push(reason))
  const seen: number[] = []
  await new Worker(rabbit, tasks, ({ n }) => void seen.push(n), { concurrency: 100 }).start()
  const producer = new Producer(rabbit, tasks)
  await producer.send({ n: 0 })
  proxy.latency(300)
  for (let burst = 0; burst < 5; burst += 1) {
    await Promise.all(Array.from({ length: 100 }, (_, n) => producer.send({ n: burst * 100 + n + 1 })))
  }
  await eventually(() => expect(seen).toHaveLength(501), SOON)
  expect(new Set(seen).size).toBe(501)
  expect(losses).toEqual([])
  proxy.latency(0)
})

describe('a broker that stands still', () => {
  const still = workQueue('still', {
    payload: tasks.payload,
    queue: { type: 'classic' },
    retry: false,
    deadLetter: false,
  })

  test('fails sends in time and truthfully, and afterwards all goes on', async ({ ownBroker }) => {
    await using rabbit = await connect(ownBroker.url, { ...QUICK, publishTimeoutMs: 1_500 })
    const ids = new Map<number, Set<string>>()
    const worker = new Worker(rabbit, still, ({ n }, { messageId = '' }) => {
      ids.set(n, (ids.get(n) ?? new Set()).add(messageId))
    })
    await worker.start()
    const producer = new Producer(rabbit, still)
    await producer.send({ n: 0 })
    await stable()
    await ownBroker.pause()
    const handedOver = producer.send({ n: 1 })
    await expect(handedOver).rejects.toMatchObject({ name: 'PublishError', outcome: 'unknown', retryable: true })
    await eventually(() => expect(rabbit.health().lanes.publish.state).toBe('reconnecting'), SOON)
    const notSent = producer.send({ n: 2 })
    await expect(notSent).rejects.toMatchObject({ name: 'PublishError', outcome: 'not-sent', retryable: true })
    await ownBroker.resume()

    await eventually(() => expect(rabbit.health()).toMatchObject({ ready: true }), { timeoutMs: 40_000 })
    await producer.send({ n: 3 })
    await eventually(() => expect([...ids.keys()]).toEqual(expect.arrayContaining([0, 3])), SOON)
    const { messageId } = (await handedOver.catch((error: unknown) => error)) as PublishError
    // Either it was stored, or it was not; under another id it never comes.
    expect([[], [messageId]]).toContainEqual([...(ids.get(1) ?? [])])
    expect(ids.has(2)).toBe(false)
    expect([...ids.values()].every(({ size }) => size === 1)).toBe(true)
  }, 120_000)
})
