import type { RabbitMQ } from '@leveret/testing'
import type { Effort } from '../arguments.js'
import { createVhost } from '../broker.js'
import { interleave } from '../rounds.js'
import { type Cost, Stopwatch } from '../stopwatch.js'
import { renderTable } from '../table.js'
import type { Order } from './order.js'
import { Stock } from './stock.js'
import { columnsOf, type Measured, rowsOf } from './summary.js'
import type { Case, Contender, Session, Workload } from './work.js'

/** How long a client works before it is measured. */
const WARM_UP_MS = { quick: 100, full: 500 }

/** The share of a run's messages that `--quick` measures. */
const QUICK = 1 / 10

/**
 * Makes every contender do the work, case by case, in a separate vhost.
 *
 * @returns the table
 * @throws Error if a client left other messages than the work leaves
 */
export async function compare(workload: Workload, broker: RabbitMQ, effort: Effort): Promise<string> {
  await using vhost = await createVhost(broker)
  const rounds = Math.min(effort.rounds, workload.mostRounds ?? effort.rounds)
  const rows: string[][] = []
  for (const one of casesFor(workload, effort)) {
    const found = rowsOf(one, await measureCase(workload, one, { url: vhost.url, rounds, quick: effort.quick }))
    // The table comes after many minutes, and the run may be interrupted before.
    for (const row of found) console.error(row.join('  '))
    rows.push(...found)
  }
  return `${workload.title}; ${describeRounds(rounds)}\n\n${renderTable(columnsOf(workload), rows)}`
}

/** Returns the cases of a workload to measure, with their numbers of messages. */
export function casesFor({ cases }: Pick<Workload, 'cases'>, { quick, messages, queue }: Effort): Case[] {
  return cases
    .filter((one) => queue === undefined || one.queue === queue)
    .filter(({ headline, queue: type }) => !quick || (headline && type === (queue ?? 'classic')))
    .map((one) => ({ ...one, messages: messages ?? Math.ceil(one.messages * (quick ? QUICK : 1)) }))
}

/** Describes how many rounds the figures come from. */
export function describeRounds(rounds: number): string {
  return rounds === 1 ? 'one round' : `medians of ${rounds} interleaved rounds`
}

/** What there is to do, and who does it. */
type Work = Pick<Workload, 'before' | 'after' | 'lookMs' | 'contenders' | 'peers'>

interface Place {
  readonly url: string
  readonly rounds: number
  readonly quick: boolean
}

/** A contender in a case, connected for all its rounds. */
interface Entry extends Contender {
  readonly session: Session
  readonly costs: Cost[]
}

/**
 * Makes every contender do the work of one case, in the vhost of the URL.
 *
 * @throws Error if a client left other messages than the work leaves
 */
export async function measureCase(workload: Work, one: Case, { url, rounds, quick }: Place): Promise<Measured[]> {
  await using stock = await Stock.open(url, one)
  const { order } = one.payload
  const site = { url, contract: stock.contract, atOnce: one.atOnce, messages: one.messages, order }
  const entries: Entry[] = []
  try {
    for (const contender of contendersOf(workload, one)) {
      entries.push({ ...contender, session: await contender.open(site), costs: [] })
    }
    for (const { contender, round } of interleave(entries, rounds)) {
      const run = { ...workload, order, messages: one.messages }
      if (round === 0) await warmUp(contender, stock, { ...run, forMs: WARM_UP_MS[quick ? 'quick' : 'full'] })
      else contender.costs.push(await runOnce(contender, stock, run))
    }
  } finally {
    await Promise.all(entries.map(({ session }) => session.close()))
  }
  return entries
}

function contendersOf({ contenders, peers }: Work, one: Case): Contender[] {
  const all = one.headline ? [...contenders, ...peers] : contenders
  return all.filter(({ takesPart }) => takesPart?.(one) ?? true)
}

/**
 * Runs a contender until it is warm. If slow clients keep a run to a few messages, one run does not suffice for the
 * others.
 */
async function warmUp(contender: Entry, stock: Stock, run: Run & { readonly forMs: number }): Promise<void> {
  const until = performance.now() + run.forMs
  do await runOnce(contender, stock, run)
  while (performance.now() < until)
}

interface Run extends Pick<Work, 'before' | 'after' | 'lookMs'>, Pick<Case, 'messages'> {
  readonly order: Order
}

async function runOnce({ client, session }: Entry, stock: Stock, run: Run): Promise<Cost> {
  const { before, after, messages, order, lookMs } = run
  if (before === 'full') await stock.fill(order, messages)
  const watch = new Stopwatch(lookMs)
  await session.run(watch)
  const [left, expected] = [await stock.empty(), after === 'full' ? messages : 0]
  if (left !== expected) throw new Error(`${client} left ${left} messages in ${stock.contract.name}, not ${expected}.`)
  return watch.cost
}
