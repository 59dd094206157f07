import { median, medianRatio } from '../rounds.js'
import type { Cost } from '../stopwatch.js'
import { type Column, figure } from '../table.js'
import { judgeTarget } from './target.js'
import type { Case, Workload } from './work.js'

/** Costs of one client's runs, without the warm-up. */
export interface Measured {
  readonly client: string
  readonly costs: readonly Cost[]
}

/** Client that the targets are for. */
const JUDGED = 'leveret'
const MIB = 1024 * 1024

/** Returns the columns of a workload's table. */
export function columnsOf({ atOnce }: Pick<Workload, 'atOnce'>): Column[] {
  const right = ['bytes', atOnce].map((heading) => ({ heading, align: 'right' }) as const)
  const figures = ['messages/s', 'ratio', 'CPU µs/message', 'ratio', 'RSS + MiB']
  return [
    { heading: 'queue', align: 'left' },
    ...right,
    { heading: 'client', align: 'left' },
    ...figures.map((heading) => ({ heading, align: 'right' }) as const),
    { heading: 'target', align: 'left' },
  ]
}

/** Returns the rows of one case; the ratios refer to the first client, round by round. */
export function rowsOf({ queue, bytes, atOnce, messages, target }: Case, measured: readonly Measured[]): string[][] {
  const all = measured.map(({ client, costs }) => ({
    client,
    rates: costs.map(({ seconds }) => messages / seconds),
    cpuMicros: costs.map(({ cpuSeconds }) => (cpuSeconds * 1_000_000) / messages),
    grownMiB: median(costs.map(({ grownBytes }) => grownBytes / MIB)),
  }))
  const [reference] = all
  if (reference === undefined) return []
  return all.map(({ client, rates, cpuMicros, grownMiB }) => {
    const ratios = { rate: medianRatio(rates, reference.rates), cpu: medianRatio(cpuMicros, reference.cpuMicros) }
    return [
      queue,
      String(bytes),
      String(atOnce),
      client,
      figure(median(rates)),
      ratios.rate.toFixed(2),
      figure(median(cpuMicros)),
      ratios.cpu.toFixed(2),
      grownMiB.toFixed(1),
      target && client === JUDGED ? judgeTarget(target, ratios) : '',
    ]
  })
}
