import type { RabbitMQ } from '@leveret/testing'
import type { Effort } from '../arguments.js'
import { createVhost } from '../broker.js'
import { interleave } from '../rounds.js'
import { type Cost, Stopwatch } from '../stopwatch.js'
import { renderTable } from '../table.js'
import { Stock } from './stock.js'
import { columnsOf, type Measured, rowsOf } from './summary.js'
import type { Case, Contender, Session, Workload } from './work.js'

/** With `--quick`, a run has this part of its messages. */
const QUICK = 1 / 5

/**
 * Has every contender do the work, case by case, in a vhost of its own.
 *
 * @returns the table
 * @throws Error when a client left other messages behind than the work leaves
 */
export async function compare(workload: Workload, broker: RabbitMQ, effort: Effort): Promise<string> {
  await using vhost = await createVhost(broker)
  const rows: string[][] = []
  for (const full of workload.cases) {
    const one = { ...full, messages: effort.messages ?? Math.ceil(full.messages * (effort.quick ? QUICK : 1)) }
    rows.push(...rowsOf(one, await measure(workload, one, { url: vhost.url, rounds: effort.rounds })))
  }
  const rounds = effort.rounds === 1 ? 'one round' : `medians of ${effort.rounds} interleaved rounds`
  return `${workload.title}; ${rounds}\n\n${renderTable(columnsOf(workload), rows)}`
}

interface Place {
  readonly url: string
  readonly rounds: number
}

/** One contender in a case, connected for all its rounds. */
interface Entry extends Contender {
  readonly session: Session
  readonly costs: Cost[]
}

async function measure(workload: Workload, one: Case, { url, rounds }: Place): Promise<Measured[]> {
  await using stock = await Stock.open(url, one)
  const site = { url, contract: stock.contract, atOnce: one.atOnce, messages: one.messages }
  const entries: Entry[] = []
  try {
    for (const contender of workload.contenders) {
      entries.push({ ...contender, session: await contender.open(site), costs: [] })
    }
    for (const { contender, round } of interleave(entries, rounds)) {
      const cost = await runOnce(contender, stock, { before: workload.queueBefore, messages: one.messages })
      if (round > 0) contender.costs.push(cost)
    }
  } finally {
    await Promise.all(entries.map(({ session }) => session.close()))
  }
  return entries
}

async function runOnce(
  { client, session }: Entry,
  stock: Stock,
  { before, messages }: { before: Workload['queueBefore']; messages: number },
): Promise<Cost> {
  if (before === 'full') await stock.fill(messages)
  const watch = new Stopwatch()
  await session.run(watch)
  const [left, expected] = [await stock.empty(), before === 'full' ? 0 : messages]
  if (left !== expected) throw new Error(`${client} left ${left} messages in ${stock.contract.name}, not ${expected}.`)
  return watch.cost
}
