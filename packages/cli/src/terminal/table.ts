import { harmless, paint } from './style.js'
import type { Terminal } from './terminal.js'

/** A value of a cell. Numbers are aligned to the right. */
export type Cell = string | number | boolean | undefined

/** A table: the names of its columns, and its rows. */
export interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

/** Writes a table without borders: headings in capitals, aligned, and cut at the width of the terminal. */
export async function printTable(terminal: Terminal, { columns, rows }: Table): Promise<void> {
  const texts = rows.map((row) => columns.map((_, index) => textOf(row[index])))
  const widths = columns.map((name, index) => Math.max(name.length, ...texts.map((row) => row[index]?.length ?? 0)))
  const isNumeric = columns.map((_, index) =>
    rows.every((row) => row[index] === undefined || typeof row[index] === 'number'),
  )
  const lineOf = (cells: readonly string[]): string => {
    const padded = cells.map((cell, index) =>
      isNumeric[index] ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0),
    )
    return cut(padded.join('  ').trimEnd(), terminal.columns)
  }
  await terminal.print(paint(terminal.hasColor, 'bold', lineOf(columns.map((name) => name.toUpperCase()))))
  for (const row of texts) await terminal.print(lineOf(row))
}

/** Cuts a line to the width of the terminal. */
export function cut(line: string, columns: number): string {
  return line.length > columns ? `${line.slice(0, Math.max(columns - 1, 0))}…` : line
}

function textOf(cell: Cell): string {
  if (cell === undefined) return '-'
  return typeof cell === 'boolean' ? (cell ? 'yes' : 'no') : harmless(String(cell))
}
