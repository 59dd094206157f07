import type { Effort } from '../arguments.js'
import { inChild } from '../in-child.js'
import { type Column, renderTable } from '../table.js'
import type { Findings, Task } from './task.js'

const columns: readonly Column[] = [
  { heading: 'what', align: 'left' },
  { heading: 'figure', align: 'right' },
]

const FULL: readonly Task[] = [
  { kind: 'retry', count: 20 },
  { kind: 'publish', count: 20_000 },
  { kind: 'tests', count: 10_000 },
]
const QUICK: readonly Task[] = [
  { kind: 'retry', count: 5 },
  { kind: 'publish', count: 2_000 },
  { kind: 'tests', count: 100 },
]

/** Measures tests on a broker in memory, each kind in a separate process. @returns the table */
export async function memory(_broker: unknown, { quick }: Effort): Promise<string> {
  const rows: Findings[] = []
  for (const task of quick ? QUICK : FULL) rows.push((await inChild('memory', task)) as Findings)
  return `memory: tests on a broker in the same process\n\n${renderTable(columns, rows.flat())}`
}
