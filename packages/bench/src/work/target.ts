/** Ratios that leveret should reach in a case, compared with the reference in the same round. */
export interface Target {
  /** The least ratio of messages a second. */
  readonly rate?: number
  /** The greatest ratio of CPU time per message. */
  readonly cpu?: number
}

/** Ratios that leveret reached. */
export interface Ratios {
  readonly rate: number
  readonly cpu: number
}

/** Compares ratios with a target: `≥ 1.50, CPU ≤ 0.65: met`. */
export function judgeTarget({ rate, cpu }: Target, found: Ratios): string {
  const wanted = [
    ...(rate === undefined ? [] : [{ text: `≥ ${rate.toFixed(2)}`, isMet: found.rate >= rate }]),
    ...(cpu === undefined ? [] : [{ text: `CPU ≤ ${cpu.toFixed(2)}`, isMet: found.cpu <= cpu }]),
  ]
  const missed = wanted.filter(({ isMet }) => !isMet).map(({ text }) => text)
  const all = wanted.map(({ text }) => text).join(', ')
  return missed.length === 0 ? `${all}: met` : `${all}: MISSED ${missed.join(', ')}`
}
