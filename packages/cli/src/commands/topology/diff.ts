import { readFile } from 'node:fs/promises'
import type { Definitions } from '@leveret/management'
import { declarationsOf } from 'leveret'
import { acts, command, type Runner, withApp, withJson } from '../../program/command.js'
import type { CommonOptions, Context } from '../../program/context.js'
import { EXIT, type ExitCode, UsageError } from '../../program/exit.js'
import { policiesOf } from '../../topology/look.js'
import { planOf } from '../../topology/plan.js'
import { isToDo } from '../../topology/plan-item.js'
import { printPlan } from '../../topology/print.js'
import { stateFromDefinitions } from '../../topology/state.js'

interface DiffOptions extends CommonOptions {
  readonly vhost?: string
}

/** `leveret topology diff <definitions>` */
export function diffCommand(runner: Runner) {
  const made = command(
    'diff <definitions>',
    'The same as plan, against a file of definitions (rabbitmqctl export_definitions) instead of a broker.',
    ['leveret topology diff definitions.json'],
  )
  withJson(withApp(made)).option(
    '--vhost <name>',
    'the vhost to compare, if the file holds the definitions of a whole broker',
    '/',
  )
  return acts(made, runner, diff)
}

async function diff(context: Context, options: DiffOptions, file: string): Promise<ExitCode> {
  const applications = await context.someApplications(options)
  const state = stateFromDefinitions(await definitionsIn(file), options.vhost ?? '/')
  const found = planOf(declarationsOf(applications), policiesOf(applications), state)
  await context.answer(options, found, async () => await printPlan(context.terminal, found))
  return found.items.some(isToDo) ? EXIT.found : EXIT.done
}

async function definitionsIn(file: string): Promise<Definitions> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    throw new UsageError(`${file} cannot be read: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}
