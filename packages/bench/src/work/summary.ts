import { median, medianRatio } from '../rounds.js'
import type { Cost } from '../stopwatch.js'
import { type Column, figure } from '../table.js'
import { judgeTargets, type Ratios } from './target.js'
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
  const figures = ['messages/s', 'ratio', 'CPU µs/message', 'ratio', 'RSS + MiB']
  return [
    { heading: 'queue', align: 'left' },
    { heading: 'payload', align: 'left' },
    { heading: 'bytes', align: 'right' },
    { heading: atOnce, align: 'right' },
    { heading: 'client', align: 'left' },
    ...figures.map((heading) => ({ heading, align: 'right' }) as const),
    { heading: 'target', align: 'left' },
  ]
}

/** Figures of one client, a round each. */
interface Figures {
  readonly client: string
  readonly rates: readonly number[]
  readonly cpuMicros: readonly number[]
  readonly grownMiB: number
}

/** Returns the rows of one case; the ratios refer to the first client, round by round. */
export function rowsOf(one: Omit<Case, 'headline'>, measured: readonly Measured[]): string[][] {
  const { queue, payload, atOnce, messages, targets = [] } = one
  const all = measured.map((each) => figuresOf(each, messages))
  return all.map((figures) => {
    const ratiosTo = (client = all[0]?.client): Ratios => ratiosOf(figures, figuresNamed(client, all))
    const ratios = ratiosTo()
    return [
      queue,
      payload.name,
      String(payload.bytes),
      String(atOnce),
      figures.client,
      figure(median(figures.rates)),
      ratios.rate.toFixed(2),
      figure(median(figures.cpuMicros)),
      ratios.cpu.toFixed(2),
      figures.grownMiB.toFixed(1),
      figures.client === JUDGED ? judgeTargets(targets, ratiosTo) : '',
    ]
  })
}

function figuresOf({ client, costs }: Measured, messages: number): Figures {
  return {
    client,
    rates: costs.map(({ seconds }) => messages / seconds),
    cpuMicros: costs.map(({ cpuSeconds }) => (cpuSeconds * 1_000_000) / messages),
    grownMiB: median(costs.map(({ grownBytes }) => grownBytes / MIB)),
  }
}

function figuresNamed(client: string | undefined, all: readonly Figures[]): Figures {
  const found = all.find((each) => each.client === client)
  if (found === undefined) throw new Error(`A target is beside ${client}, which takes no part in the case.`)
  return found
}

function ratiosOf({ rates, cpuMicros }: Figures, reference: Figures): Ratios {
  return { rate: medianRatio(rates, reference.rates), cpu: medianRatio(cpuMicros, reference.cpuMicros) }
}
