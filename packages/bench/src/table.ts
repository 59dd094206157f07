/** A column: its heading, and on which side its cells stand. */
export interface Column {
  readonly heading: string
  readonly align: 'left' | 'right'
}

/** Lays rows out under their headings, in columns as wide as they need. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(({ heading }) => heading), ...rows]
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)))
  const cell = (text: string, column: number): string => {
    const width = widths[column] ?? 0
    return columns[column]?.align === 'right' ? text.padStart(width) : text.padEnd(width)
  }
  return lines.map((line) => `  ${line.map(cell).join('   ')}`.trimEnd()).join('\n')
}

/** `12,345`, `12.3`, `0.12`: about three digits that mean something. */
export function figure(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(value >= 10 ? 1 : 2)
}

/** `8 ms`, `1.23 s`; what never happened is `never`. */
export function duration(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return 'never'
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${figure(ms / 1_000)} s`
}
