/** One run of a contender in a round. */
export interface Turn<Contender> {
  readonly contender: Contender
  /** Number of the round. 0 is the warm-up, which is not counted. */
  readonly round: number
}

/**
 * Returns the order of all runs: A B A B, with a warm-up round first. Changes of a shared machine over time then affect
 * all contenders alike.
 */
export function interleave<Contender>(contenders: readonly Contender[], rounds: number): Turn<Contender>[] {
  return Array.from({ length: rounds + 1 }, (_, round) => contenders.map((contender) => ({ contender, round }))).flat()
}

/** Returns the middle value; between two, their mean. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('There is no median of no values.')
  const sorted = values.toSorted((one, other) => one - other)
  const upper = sorted[Math.floor(values.length / 2)] as number
  const lower = sorted[Math.floor((values.length - 1) / 2)] as number
  return lower === upper ? upper : (lower + upper) / 2
}

/**
 * Returns the median of the ratios of each round. Only figures of one round are compared, because two rounds may differ
 * for reasons that have nothing to do with the contenders.
 */
export function medianRatio(values: readonly number[], references: readonly number[]): number {
  if (values.length !== references.length) throw new RangeError('Every round needs both figures.')
  return median(values.map((value, round) => value / (references[round] as number)))
}

/** Returns the smallest value that `percent` per cent of all values do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  if (values.length === 0) throw new RangeError('There is no percentile of no values.')
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] as number
}
