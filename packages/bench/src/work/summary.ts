import { median, medianRatio } from '../rounds.js'
import type { Cost } from '../stopwatch.js'
import { type Column, figure } from '../table.js'
import type { Case, Workload } from './work.js'

/** What the runs of one client cost, the warm-up not among them. */
export interface Measured {
  readonly client: string
  readonly costs: readonly Cost[]
}

/** The columns of a workload's table. */
export function columnsOf({ atOnce }: Pick<Workload, 'atOnce'>): Column[] {
  const figures = [atOnce, 'client', 'messages/s', 'ratio', 'CPU µs/message', 'ratio']
  const right = figures.map((heading) => ({ heading, align: heading === 'client' ? 'left' : 'right' }) as const)
  return [{ heading: 'queue', align: 'left' }, ...right]
}

/** The rows of one case; the ratios are to the first client, round by round. */
export function rowsOf({ queue, atOnce, messages }: Case, measured: readonly Measured[]): string[][] {
  const all = measured.map(({ client, costs }) => ({
    client,
    rates: costs.map(({ seconds }) => messages / seconds),
    cpuMicros: costs.map(({ cpuSeconds }) => (cpuSeconds * 1_000_000) / messages),
  }))
  const [reference] = all
  if (reference === undefined) return []
  return all.map(({ client, rates, cpuMicros }) => [
    queue,
    String(atOnce),
    client,
    figure(median(rates)),
    medianRatio(rates, reference.rates).toFixed(2),
    figure(median(cpuMicros)),
    medianRatio(cpuMicros, reference.cpuMicros).toFixed(2),
  ])
}
