import type { RabbitMQ } from '@leveret/testing'
import type { Effort } from '../arguments.js'
import { createVhost } from '../broker.js'
import type { Client, Link } from '../clients/client.js'
import { peers, trio } from '../clients/clients.js'
import { interleave, median, medianRatio, percentile } from '../rounds.js'
import { type Column, figure, renderTable } from '../table.js'
import { Tally } from '../tally.js'
import { describeRounds } from '../work/compare.js'
import { lines } from '../work/payload.js'
import { Stock } from '../work/stock.js'
import { inPace } from './pace.js'

/** How many messages are sent a second: so few that none waits for another. */
const RATE = 500
const SECONDS = { quick: 1, full: 2 }
const PREFETCH = 50
const payload = lines(3)
/** By how much the median of leveret may exceed that of the first client in the same round. */
const SLOWER_MS = 0.05

const columns: readonly Column[] = [
  { heading: 'queue', align: 'left' },
  { heading: 'client', align: 'left' },
  { heading: 'p50 ms', align: 'right' },
  { heading: 'p99 ms', align: 'right' },
  { heading: 'CPU µs/message', align: 'right' },
  { heading: 'ratio', align: 'right' },
  { heading: 'target', align: 'left' },
]

/** Results of one client in a round. */
export interface Sample {
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
    rows.push(...rowsOf(samples).map((row) => [queue, ...row]))
  }
  const title = `latency: from a client's publish to its handler, ${payload.name} of JSON, ${RATE} messages a second`
  return `${title}; ${describeRounds(rounds)}\n\n${renderTable(columns, rows)}`
}

/** Returns a row a client: its figures, the ratio of CPU time to that of the first client, and the target. */
export function rowsOf(samples: ReadonlyMap<string, readonly Sample[]>): string[][] {
  const [reference = []] = samples.values()
  const cpuOf = (of: readonly Sample[]): number[] => of.map(({ cpuMicros }) => cpuMicros)
  return [...samples].map(([client, of]) => [
    client,
    figure(median(of.map(({ p50Ms }) => p50Ms))),
    figure(median(of.map(({ p99Ms }) => p99Ms))),
    figure(median(cpuOf(of))),
    medianRatio(cpuOf(of), cpuOf(reference)).toFixed(2),
    client === 'leveret' ? judge(of, reference) : '',
  ])
}

function judge(of: readonly Sample[], reference: readonly Sample[]): string {
  const slowerMs = median(of.map(({ p50Ms }, round) => p50Ms - (reference[round]?.p50Ms ?? Number.NaN)))
  const target = `p50 ≤ + ${SLOWER_MS.toFixed(2)} ms (${slowerMs.toFixed(2)})`
  return `${target}: ${slowerMs <= SLOWER_MS ? 'met' : 'MISSED'}`
}

interface Trial {
  readonly queue: 'classic' | 'quorum'
  readonly count: number
  readonly rounds: number
}

async function sample(url: string, { queue, count, rounds }: Trial): Promise<Map<string, Sample[]>> {
  await using stock = await Stock.open(url, { queue, payload, atOnce: PREFETCH })
  const samples = new Map<string, Sample[]>()
  for (const { contender, round } of interleave<Client>([...trio, ...peers], rounds)) {
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
  const tally = new Tally(count)
  const stop = await link.consume(PREFETCH, ({ note }) => {
    tookMs.push(performance.now() - (sentMs[Number(note)] ?? Number.NaN))
    tally.count()
  })
  const publish = await link.publisher()
  const cpu = process.cpuUsage()
  await inPace({ messages: count, aSecond: RATE }, (settled) => {
    const note = String(sentMs.length)
    sentMs.push(performance.now())
    publish({ ...payload.order, note }).then(() => settled(), settled)
  })
  await tally.done
  const { user, system } = process.cpuUsage(cpu)
  await stop()
  return { p50Ms: percentile(tookMs, 50), p99Ms: percentile(tookMs, 99), cpuMicros: (user + system) / count }
}
