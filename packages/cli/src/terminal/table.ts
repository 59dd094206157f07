import { harmless, paint } from './style.js'
import type { Terminal } from './terminal.js'
import { cut, cutMiddle, pad, widthOf } from './width.js'

/** A value of a cell. Numbers are aligned to the right. */
export type Cell = string | number | boolean | undefined

/** A table: the names of its columns, and its rows. */
export interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

const GAP = '  '
/** The least width to which a column is shortened. */
const NARROWEST = 10

/**
 * Writes a table without borders: headings in capitals, and aligned. In a narrow terminal the longest texts are cut in
 * their middle, so that the other columns can be seen.
 */
export async function printTable(terminal: Terminal, { columns, rows }: Table): Promise<void> {
  const texts = rows.map((row) => columns.map((_, index) => textOf(row[index])))
  const isNumeric = columns.map((_, index) =>
    rows.every((row) => row[index] === undefined || typeof row[index] === 'number'),
  )
  const full = columns.map((name, index) => Math.max(name.length, ...texts.map((row) => widthOf(row[index] ?? ''))))
  const widths = fitted(full, columns, isNumeric, terminal.columns)
  const lineOf = (cells: readonly string[]): string => {
    const padded = cells.map((cell, index) => {
      const width = widths[index] ?? 0
      return pad(cutMiddle(cell, width), width, isNumeric[index] ? 'left' : 'right')
    })
    return cut(padded.join(GAP).trimEnd(), terminal.columns)
  }
  await terminal.print(paint(terminal.hasColor, 'bold', lineOf(columns.map((name) => name.toUpperCase()))))
  for (const row of texts) await terminal.print(lineOf(row))
}

/** Shortens the widest column of texts, one step after the other, until all columns fit. */
function fitted(
  full: readonly number[],
  columns: readonly string[],
  isNumeric: readonly boolean[],
  room: number,
): readonly number[] {
  const widths = [...full]
  const least = columns.map((name, index) =>
    isNumeric[index] ? Number.POSITIVE_INFINITY : Math.max(name.length, NARROWEST),
  )
  const total = (): number => widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1))
  while (total() > room) {
    const widest = widths.reduce((best, width, index) => {
      const canShrink = width > (least[index] ?? 0)
      return canShrink && width > (widths[best] ?? 0) ? index : best
    }, -1)
    if (widest === -1) break
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return widths
}

function textOf(cell: Cell): string {
  if (cell === undefined) return '-'
  return typeof cell === 'boolean' ? (cell ? 'yes' : 'no') : harmless(String(cell))
}
