/** What came of the same thing in several ways. */
export interface Matrix {
  /** In Markdown. */
  readonly table: string
  /** Whether all is well in every row. */
  readonly ok: boolean
}

/** Makes a table in Markdown. */
export function markdown(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const escaped = rows.map((cells) => cells.map((cell) => cell.replaceAll('|', '\\|')))
  return [headings, headings.map(() => '---'), ...escaped].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
