import { harmless, paint } from '../terminal/style.js'
import type { Terminal } from '../terminal/terminal.js'
import { wrap } from '../terminal/width.js'
import type { Plan } from './plan.js'
import { isToDo, type PlanItem } from './plan-item.js'

const SIGNS = { add: ['+', 'green'], differs: ['~', 'red'], missing: ['!', 'red'], left: ['-', 'yellow'] } as const

/** Writes a plan for people: a line for each item, followed by its remedies. */
export async function printPlan(terminal: Terminal, { items, unseen }: Plan): Promise<void> {
  for (const item of items) {
    const [sign, color] = SIGNS[item.change]
    await terminal.print(
      `${paint(terminal.hasColor, color, sign)} ${wrap(harmless(lineOf(item)), terminal.columns - 2, 11)}`,
    )
    for (const [index, way] of (item.waysOut ?? []).entries()) {
      await terminal.print(wrap(`    ${index + 1}. ${harmless(way)}`, terminal.columns, 7))
    }
  }
  for (const sentence of unseen) terminal.say(sentence)
  terminal.say(summaryOf(items))
}

function lineOf({ kind, name, argument, declared, existing, change }: PlanItem): string {
  const what = `${kind.padEnd(8)} ${name}`
  if (change === 'differs')
    return `${what}  ${argument ?? ''}  declared ${JSON.stringify(declared)}  existing ${JSON.stringify(existing)}`
  if (change === 'left') return `${what}  ${argument ?? 'key'}  existing ${JSON.stringify(existing)}`
  return declared === undefined ? what : `${what}  ${JSON.stringify(declared)}`
}

/** Summarizes items: `2 to add, 1 differs, 1 left over`. */
export function summaryOf(items: readonly PlanItem[]): string {
  const count = (change: PlanItem['change']): number => items.filter((item) => item.change === change).length
  const parts = [
    ...(count('add') ? [`${count('add')} to add`] : []),
    ...(count('differs') ? [`${count('differs')} differ`] : []),
    ...(count('missing') ? [`${count('missing')} missing that others declare`] : []),
    ...(count('left') ? [`${count('left')} left over, which stay`] : []),
  ]
  return items.some(isToDo) || parts.length > 0 ? parts.join(', ') : 'Everything exists as declared.'
}
