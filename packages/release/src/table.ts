/** Result of trying the same thing in several ways. */
export interface Matrix {
  /** The table, in Markdown. */
  readonly table: string
  /** Whether every row is as expected. */
  readonly ok: boolean
}

/** Makes a table in Markdown. */
export function markdown(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const escaped = rows.map((cells) => cells.map((cell) => cell.replaceAll('|', '\\|')))
  return [headings, headings.map(() => '---'), ...escaped].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
