import { expect } from 'vitest'
import { z } from 'zod'
import { type Connection, fanoutExchange, Publisher, Subscriber, topicExchange } from '../../src/index.js'
import { runProgram } from '../support/program.js'
import { eventually, gate, stable, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

const ticks = fanoutExchange('ticks', { payload: z.int() })
/** So many ticks may have been on their way when a link broke. */
const ON_THE_WAY = 10
const SOON = { timeoutMs: 20_000 }
/** The durable subscriber's first process is killed when it has got so many. */
const DIES_AT = 50
/** Published with this, the program below ends. */
const LAST = -1

forbidSurprises()

/** A durable subscriber in a process of its own. It prints what it gets; the first one is killed over one of them. */
const program = (dies: boolean): string => `
  const ticks = fanoutExchange('ticks', { payload: z.int() })
  const rabbit = await connect(url)
  let count = 0
  const subscriber = new Subscriber(rabbit, subscription('keeps', { of: ticks }), ({ payload }) => {
    console.log(payload)
    count += 1
    if (${dies} && count === ${DIES_AT}) process.kill(process.pid, 'SIGKILL')
    if (payload === ${LAST}) rabbit.close()
  })
  await subscriber.start()
  console.log('started')
`

/** When each tick was handed over, and when its publish resolved. */
type Times = Map<number, { readonly from: number; readonly to: number }>

/** Publishes one tick after the other until stopped. */
function publishing(rabbit: Connection): { times: Times; stop: () => Promise<void> } {
  const publisher = new Publisher(rabbit, ticks)
  const times: Times = new Map()
  let on = true
  const running = (async () => {
    for (let n = 0; on; n += 1) {
      const from = performance.now()
      // A queue that goes with its subscriber may answer for what was on its way to it: then it is refused to all.
      await publisher.publish(n).catch((error: unknown) => expect(error).toMatchObject({ outcome: 'refused' }))
      times.set(n, { from, to: performance.now() })
    }
    await publisher.publish(LAST)
  })()
  const stop = async (): Promise<void> => {
    on = false
    await running
  }
  return { times, stop }
}

interface Listener {
  readonly seen: number[]
  readonly gaps: { readonly from: number; readonly to: number; readonly queue: string }[]
}

async function listening(rabbit: Connection): Promise<Listener> {
  const listener: Listener = { seen: [], gaps: [] }
  const subscriber = new Subscriber(rabbit, ticks, ({ payload }) => void listener.seen.push(payload))
  subscriber.on('gap', ({ durationMs, queue }) => {
    const to = performance.now()
    listener.gaps.push({ from: to - durationMs, to, queue })
  })
  await subscriber.start()
  return listener
}

/** Those that a listener missed, and that were published neither within one of its gaps nor right before. */
function unexplained({ seen, gaps }: Listener, times: Times): number[] {
  const got = new Set(seen)
  const withinGap = (n: number): boolean => {
    const time = times.get(n)
    return time !== undefined && gaps.some((gap) => time.to >= gap.from && time.from <= gap.to)
  }
  const isExplained = (n: number): boolean => Array.from({ length: ON_THE_WAY + 1 }, (_, k) => n + k).some(withinGap)
  return [...times.keys()].filter((n) => !got.has(n) && !isExplained(n))
}

test('ten subscribers: a durable one misses nothing when its process is killed, and the messages that others miss lie within their reported gaps', async ({
  rabbit,
  connectTo,
  proxy,
  vhost,
}) => {
  const reset = await connectTo({}, proxy.urlFor(vhost.url))
  const unhurt = await Promise.all(Array.from({ length: 5 }, () => listening(rabbit)))
  const hurt = await Promise.all(Array.from({ length: 4 }, () => listening(reset)))
  const started = gate()
  const printed: string[] = []
  const onLine = (line: string): void => {
    if (line === 'started') started.open()
    else printed.push(line)
  }
  const first = runProgram(vhost.url, program(true), onLine)
  await started.opened
  const { times, stop } = publishing(rabbit)
  for (const drop of [1, 2]) {
    await stable()
    proxy.reset()
    for (const { gaps } of hurt) await eventually(() => expect(gaps).toHaveLength(drop), SOON)
  }
  expect((await first).code).toBeUndefined()
  const second = runProgram(vhost.url, program(false), onLine)
  await stable()
  await stop()
  expect(await second).toMatchObject({ code: 0, stderr: '' })

  const all = [...times.keys(), LAST]
  expect(all.length).toBeGreaterThan(DIES_AT)
  expect(new Set(printed.map(Number))).toEqual(new Set(all))
  for (const { seen, gaps } of unhurt) {
    await eventually(() => expect(seen).toEqual(all))
    expect(gaps).toEqual([])
  }
  for (const listener of hurt) {
    await eventually(() => expect(listener.seen.at(-1)).toBe(LAST))
    expect(new Set(listener.seen).size).toBe(listener.seen.length)
    expect(unexplained(listener, times)).toEqual([])
  }
  expect(new Set(hurt.flatMap(({ gaps }) => gaps.map(({ queue }) => queue))).size).toBe(8)
})

test('a link that falls silent is a gap from then on, and not only from when that was noticed', async ({
  rabbit,
  connectTo,
  proxy,
  vhost,
}) => {
  const silenced = await connectTo({ heartbeatMs: 1_000, connectTimeoutMs: 2_000 }, proxy.urlFor(vhost.url))
  const listener = await listening(silenced)
  const { times, stop } = publishing(rabbit)
  await eventually(() => expect(listener.seen.length).toBeGreaterThan(10))
  proxy.blackHole()
  await eventually(() => expect(silenced.health().lanes.consume.state).toBe('reconnecting'), SOON)
  proxy.heal()
  await eventually(() => expect(listener.gaps).toHaveLength(1), SOON)
  await stop()
  await eventually(() => expect(listener.seen.at(-1)).toBe(LAST))
  expect(listener.seen.length).toBeLessThan(times.size)
  expect(unexplained(listener, times)).toEqual([])
  await eventually(async () => expect(await vhost.queues()).toHaveLength(1), SOON)
})

test('a thousand publishers and a hundred subscribers share a connection: one channel publishes, and each subscriber gets its own', async ({
  rabbit,
  vhost,
}) => {
  const shop = topicExchange('shop', { 'order.*': z.int() })
  const seen = Array.from({ length: 100 }, (): number[] => [])
  const subscribers = seen.map(
    (got, n) =>
      new Subscriber(rabbit, shop, ({ payload }) => void got.push(payload), {
        bindingKeys: [`order.${n}`, 'order.all'],
      }),
  )
  await Promise.all(subscribers.map((subscriber) => subscriber.start()))
  const publishers = Array.from({ length: 1_000 }, () => new Publisher(rabbit, shop))
  const published = await Promise.all(publishers.map((publisher, n) => publisher.publish(`order.${n % 100}`, n)))
  expect(published.filter(({ routed }) => !routed)).toEqual([])
  await publishers[0]?.publish('order.all', -1)
  for (const [n, got] of seen.entries()) {
    const own = Array.from({ length: 10 }, (_, round) => 100 * round + n)
    await eventually(() => expect(got).toEqual([...own, -1]), SOON)
  }
  await eventually(async () => {
    expect(await vhost.consumers()).toHaveLength(100)
    expect(await vhost.channels()).toHaveLength(101)
    expect(await vhost.connections()).toHaveLength(2)
  })
})
