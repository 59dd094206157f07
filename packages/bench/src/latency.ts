import { setTimeout as sleep } from 'node:timers/promises'
import type { RabbitMQ } from '@leveret/testing'
import type { Effort } from './arguments.js'
import { createVhost } from './broker.js'
import type { Client, Link } from './clients/client.js'
import { pair, peers } from './clients/clients.js'
import { interleave, median, percentile } from './rounds.js'
import { type Column, figure, renderTable } from './table.js'
import { describeRounds } from './work/compare.js'
import { orderOf } from './work/order.js'
import { Stock } from './work/stock.js'

/** How many messages are sent a second: so few that none waits for another. */
const RATE = 500
const SECONDS = { quick: 1, full: 2 }
const PREFETCH = 50
const order = orderOf(200)

const columns: readonly Column[] = [
  { heading: 'queue', align: 'left' },
  { heading: 'client', align: 'left' },
  { heading: 'p50 ms', align: 'right' },
  { heading: 'p99 ms', align: 'right' },
  { heading: 'CPU µs/message', align: 'right' },
]

/** Results of one client in a round. */
interface Sample {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuMicros: number
}

/** Measures the time from a client's publish to its handler, at a steady rate. @returns the table */
export async function latency(broker: RabbitMQ, { quick, rounds, messages, queue: only }: Effort): Promise<string> {
  await using vhost = await createVhost(broker)
  const count = messages ?? RATE * (quick ? SECONDS.quick : SECONDS.full)
  const rows: string[][] = []
  const queues = only === undefined && !quick ? (['classic', 'quorum'] as const) : [only ?? 'classic']
  for (const queue of queues) {
    const samples = await sample(vhost.url, { queue, count, rounds })
    rows.push(...[...samples].map(([client, of]) => [queue, client, ...figuresOf(of)]))
  }
  const title = `latency: from a client's publish to its handler, 200 bytes of JSON, ${RATE} messages a second`
  return `${title}; ${describeRounds(rounds)}\n\n${renderTable(columns, rows)}`
}

function figuresOf(samples: readonly Sample[]): string[] {
  const figures = [
    samples.map(({ p50Ms }) => p50Ms),
    samples.map(({ p99Ms }) => p99Ms),
    samples.map(({ cpuMicros }) => cpuMicros),
  ]
  return figures.map((each) => figure(median(each)))
}

interface Trial {
  readonly queue: 'classic' | 'quorum'
  readonly count: number
  readonly rounds: number
}

async function sample(url: string, { queue, count, rounds }: Trial): Promise<Map<string, Sample[]>> {
  await using stock = await Stock.open(url, { queue, bytes: 200, atOnce: PREFETCH, messages: count })
  const samples = new Map<string, Sample[]>()
  for (const { contender, round } of interleave<Client>([...pair, ...peers], rounds)) {
    const link = await contender.connect({ url, contract: stock.contract })
    try {
      const found = await measure(link, count)
      if (round > 0) samples.set(contender.name, [...(samples.get(contender.name) ?? []), found])
    } finally {
      await link.close()
    }
  }
  return samples
}

/** Measures one round. The note of each message is its number. */
async function measure(link: Link, count: number): Promise<Sample> {
  const sentMs: number[] = []
  const tookMs: number[] = []
  let finish: (error?: unknown) => void = () => undefined
  const done = new Promise<void>((resolve, reject) => {
    finish = (error) => (error ? reject(error) : resolve())
  })
  const stop = await link.consume(PREFETCH, ({ note }) => {
    tookMs.push(performance.now() - (sentMs[Number(note)] ?? Number.NaN))
    if (tookMs.length === count) finish()
  })
  const publish = await link.publisher()
  const cpu = process.cpuUsage()
  await atRate(count, () => {
    const note = String(sentMs.length)
    sentMs.push(performance.now())
    publish({ ...order, note }).catch(finish)
  })
  await done
  const { user, system } = process.cpuUsage(cpu)
  await stop()
  return { p50Ms: percentile(tookMs, 50), p99Ms: percentile(tookMs, 99), cpuMicros: (user + system) / count }
}

/** Publishes at the rate. A timer may be late, and the missed messages then follow at once. */
async function atRate(count: number, publish: () => void): Promise<void> {
  const startedMs = performance.now()
  for (let sent = 0; sent < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - startedMs) * RATE) / 1_000) + 1)
    for (; sent < due; sent += 1) publish()
    await sleep(1)
  }
}
