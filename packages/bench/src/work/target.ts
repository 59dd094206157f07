/** Ratios that leveret should reach in a case. */
export interface Target {
  /** The least ratio of messages a second. */
  readonly rate?: number
  /** The greatest ratio of CPU time per message. */
  readonly cpu?: number
  /** Client of the same rounds that the ratios refer to; by default the first. */
  readonly beside?: string
}

/** Ratios that leveret reached. */
export interface Ratios {
  readonly rate: number
  readonly cpu: number
}

/**
 * Compares ratios with targets: `≥ 1.50, CPU ≤ 0.65: met`.
 *
 * @param ratiosTo - returns the ratios to the client that a target names
 */
export function judgeTargets(targets: readonly Target[], ratiosTo: (client: string | undefined) => Ratios): string {
  const wanted = targets.flatMap((target) => wantedBy(target, ratiosTo(target.beside)))
  if (wanted.length === 0) return ''
  const missed = wanted.filter(({ isMet }) => !isMet).map(({ text }) => text)
  const all = wanted.map(({ text }) => text).join(', ')
  return missed.length === 0 ? `${all}: met` : `${all}: MISSED ${missed.join(', ')}`
}

interface Wanted {
  readonly text: string
  readonly isMet: boolean
}

function wantedBy({ rate, cpu, beside }: Target, found: Ratios): Wanted[] {
  // A ratio to another client than the first stands in no column, so its value is shown here.
  const of = (value: number): string => (beside === undefined ? '' : ` of ${beside} (${value.toFixed(2)})`)
  return [
    ...(rate === undefined ? [] : [{ text: `≥ ${rate.toFixed(2)}${of(found.rate)}`, isMet: found.rate >= rate }]),
    ...(cpu === undefined ? [] : [{ text: `CPU ≤ ${cpu.toFixed(2)}${of(found.cpu)}`, isMet: found.cpu <= cpu }]),
  ]
}
