/** A column: its heading, and the alignment of its cells. */
export interface Column {
  readonly heading: string
  readonly align: 'left' | 'right'
}

/** Aligns rows under their headings, in columns as wide as needed. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(({ heading }) => heading), ...rows]
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)))
  const cell = (text: string, column: number): string => {
    const width = widths[column] ?? 0
    return columns[column]?.align === 'right' ? text.padStart(width) : text.padEnd(width)
  }
  return lines.map((line) => `  ${line.map(cell).join('   ')}`.trimEnd()).join('\n')
}

/** Formats a number with about three significant digits: `12,345`, `12.3`, `0.12`. */
export function figure(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(value >= 10 ? 1 : 2)
}

/** Formats a duration: `8 ms`, `1.23 s`; `never` for `Infinity`. */
export function duration(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return 'never'
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${figure(ms / 1_000)} s`
}
