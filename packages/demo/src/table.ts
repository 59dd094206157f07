import type { JobResult } from './job.js'

/** Prints the result of the demo. */
export function printTable({ confirmed, handled, retried, deadLettered, again, lost }: JobResult): void {
  const done = [...handled.values()].reduce((sum, count) => sum + count, 0)
  const byWorker = [...handled].map(([worker, count]) => `${worker} ${count}`).join(', ')
  const dead = deadLettered.map(({ image, reason }) => `${image}: ${reason}`).join(', ')
  const rows: [string, number, string][] = [
    ['sent', confirmed, 'each confirmed by the broker'],
    ['done', done, byWorker],
    ['tried again', retried, 'failed attempts that were repeated'],
    ['dead-lettered', deadLettered.length, dead],
    ['done twice', again, 'at-least-once delivery, after a lost connection'],
    ['lost', lost, ''],
  ]
  console.log()
  for (const [label, count, note] of rows) {
    console.log(`  ${label.padEnd(14)}${String(count).padStart(4)}   ${note}`.trimEnd())
  }
}
