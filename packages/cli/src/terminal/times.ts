const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** Formats a time for people: `3 h ago`. */
export function ago(date: Date | undefined, now = new Date()): string {
  if (date === undefined) return '-'
  const ms = Math.max(now.getTime() - date.getTime(), 0)
  const [unit, size] = UNITS.find(([, one]) => ms >= one) ?? ['s', 1_000]
  return `${Math.floor(ms / size)} ${unit} ago`
}

/**
 * Reads a span of time: `90s`, `5m`, `2h`, `7d`, `1500ms`.
 *
 * @returns milliseconds; `undefined` if the text is not a span
 */
export function spanMs(text: string): number | undefined {
  const [, count, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim()) ?? []
  if (count === undefined || unit === undefined) return undefined
  const size = unit === 'ms' ? 1 : (UNITS.find(([name]) => name === unit)?.[1] ?? 1)
  return Math.round(Number(count) * size)
}
