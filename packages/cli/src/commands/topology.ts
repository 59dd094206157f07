import { command, type Runner } from '../program/command.js'
import { applyCommand } from './topology/apply.js'
import { checkCommand } from './topology/check.js'
import { diffCommand } from './topology/diff.js'
import { planCommand } from './topology/plan.js'

/** `leveret topology …` */
export function topologyCommand(runner: Runner) {
  const made = command(
    'topology',
    'Compares what applications declare with what exists on the broker, and declares what is missing.',
  )
  for (const make of [planCommand, checkCommand, applyCommand, diffCommand]) made.addCommand(make(runner))
  return made
}
