/** What leveret's part of a case should come to, compared with the reference in the same round. */
export interface Target {
  /** At least so many times its messages a second. */
  readonly rate?: number
  /** At most so many times its CPU time a message. */
  readonly cpu?: number
}

/** What it came to. */
export interface Ratios {
  readonly rate: number
  readonly cpu: number
}

/** `≥ 1.50 CPU ≤ 0.65: met`. */
export function judgeTarget({ rate, cpu }: Target, found: Ratios): string {
  const wanted = [
    ...(rate === undefined ? [] : [{ text: `≥ ${rate.toFixed(2)}`, isMet: found.rate >= rate }]),
    ...(cpu === undefined ? [] : [{ text: `CPU ≤ ${cpu.toFixed(2)}`, isMet: found.cpu <= cpu }]),
  ]
  const missed = wanted.filter(({ isMet }) => !isMet).map(({ text }) => text)
  const all = wanted.map(({ text }) => text).join(', ')
  return missed.length === 0 ? `${all}: met` : `${all}: MISSED ${missed.join(', ')}`
}
