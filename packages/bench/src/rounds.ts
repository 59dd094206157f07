/** One run to make: whose turn it is, and in which round. */
export interface Turn<Contender> {
  readonly contender: Contender
  /** 0 is the warm-up, which is not counted. */
  readonly round: number
}

/**
 * The order of all runs: A B A B, a warm-up round first. What changes with time on a shared machine then falls on all
 * contenders alike.
 */
export function interleave<Contender>(contenders: readonly Contender[], rounds: number): Turn<Contender>[] {
  return Array.from({ length: rounds + 1 }, (_, round) => contenders.map((contender) => ({ contender, round }))).flat()
}

/** The middle value; between two, their mean. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('There is no median of no values.')
  const sorted = values.toSorted((one, other) => one - other)
  const upper = sorted[Math.floor(values.length / 2)] as number
  const lower = sorted[Math.floor((values.length - 1) / 2)] as number
  return lower === upper ? upper : (lower + upper) / 2
}

/**
 * The median of the ratios of each round. Only figures of one round are compared, because those of two rounds differ for
 * reasons that have nothing to do with the contenders.
 */
export function medianRatio(values: readonly number[], references: readonly number[]): number {
  if (values.length !== references.length) throw new RangeError('Every round needs both figures.')
  return median(values.map((value, round) => value / (references[round] as number)))
}

/** The smallest value that so many per cent of all do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  if (values.length === 0) throw new RangeError('There is no percentile of no values.')
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] as number
}
