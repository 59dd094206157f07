import type { RabbitMQ } from '@leveret/testing'
import type { Effort } from '../arguments.js'
import { createVhost } from '../broker.js'
import { inChild } from '../in-child.js'
import { median, medianRatio } from '../rounds.js'
import { type Column, figure, renderTable } from '../table.js'
import { describeRounds } from '../work/compare.js'
import { Stock } from './stock.js'
import type { Cost, Task } from './task.js'

const MIB = 1024 * 1024

const columns: readonly Column[] = [
  { heading: 'what', align: 'left' },
  { heading: 'letters', align: 'right' },
  { heading: 'bytes', align: 'right' },
  { heading: 's', align: 'right' },
  { heading: 'ratio', align: 'right' },
  { heading: 'CPU µs/letter', align: 'right' },
  { heading: 'RSS + MiB', align: 'right' },
]

interface Case {
  readonly kinds: readonly [Task['kind'], ...Task['kind'][]]
  readonly letters: number
  readonly bytes: number
}

const cases: readonly Case[] = [
  { kinds: ['by hand', 'replay', 'replay of a tenth'], letters: 100_000, bytes: 1_000 },
  { kinds: ['by hand', 'replay', 'replay of a tenth'], letters: 200, bytes: 5 * MIB },
  { kinds: ['peek of one'], letters: 1_000, bytes: 300_000 },
]

/** The share of a case's letters that `--quick` measures. */
const QUICK = 1 / 50
/** The most rounds, because one run takes half a minute. */
const MOST_ROUNDS = 3

/** Measures the cost of a replay, compared with a move written by hand with amqplib. @returns the table */
export async function letters(broker: RabbitMQ, { quick, rounds, messages }: Effort): Promise<string> {
  await using vhost = await createVhost(broker)
  await using stock = await Stock.open(vhost.url)
  const rows: string[][] = []
  const times = Math.min(rounds, MOST_ROUNDS)
  for (const one of cases) {
    const count = messages ?? Math.ceil(one.letters * (quick ? QUICK : 1))
    rows.push(...(await measure({ ...one, letters: count }, stock, { url: vhost.url, rounds: times })))
  }
  const title = `letters: of a quorum queue, each run a process of its own; ${describeRounds(times)}`
  return `${title}\n\n${renderTable(columns, rows)}`
}

async function measure(one: Case, stock: Stock, { url, rounds }: { url: string; rounds: number }): Promise<string[][]> {
  const runs = one.kinds.map((kind) => ({ kind, costs: [] as Cost[] }))
  for (let round = 0; round < rounds; round += 1) {
    for (const { kind, costs } of runs) {
      await stock.fill(one.letters, one.bytes)
      costs.push((await inChild('letters', { url, kind, letters: one.letters } satisfies Task)) as Cost)
      const { work, letters: left } = await stock.empty()
      if (work + left !== one.letters) throw new Error(`${kind} left ${work} and ${left} of ${one.letters} letters.`)
    }
  }
  const [reference] = runs
  return runs.map(({ kind, costs }) => rowOf(one, kind, { costs, reference: reference?.costs ?? [] }))
}

function rowOf(
  { letters: count, bytes }: Case,
  kind: Task['kind'],
  { costs, reference }: { costs: readonly Cost[]; reference: readonly Cost[] },
): string[] {
  const seconds = (all: readonly Cost[]): number[] => all.map((cost) => cost.seconds)
  return [
    kind,
    count.toLocaleString('en-US'),
    bytes.toLocaleString('en-US'),
    figure(median(seconds(costs))),
    medianRatio(seconds(costs), seconds(reference)).toFixed(2),
    figure((median(costs.map(({ cpuSeconds }) => cpuSeconds)) * 1_000_000) / count),
    (median(costs.map(({ grownBytes }) => grownBytes)) / MIB).toFixed(1),
  ]
}
