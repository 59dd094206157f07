import { acts, command, type Runner, withApp, withBroker, withJson } from '../../program/command.js'
import type { CommonOptions, Context } from '../../program/context.js'
import { EXIT, type ExitCode } from '../../program/exit.js'
import { lookAt } from '../../topology/look.js'
import { isToDo } from '../../topology/plan-item.js'
import { printPlan } from '../../topology/print.js'

/** `leveret topology plan` */
export function planCommand(runner: Runner) {
  const made = command(
    'plan',
    'Says what is missing (+), what differs (~) with ways out, and what is left over (-). Changes nothing. Exit code 1 where something is to be done.',
    ['leveret topology plan', 'leveret topology plan --json'],
  )
  return acts(withJson(withApp(withBroker(made))), runner, plan)
}

async function plan(context: Context, options: CommonOptions): Promise<ExitCode> {
  const applications = await context.someApplications(options)
  await using session = await context.session(options)
  session.announce(`compared with ${applications.map(({ name }) => name).join(', ')}`)
  const found = await lookAt(session, applications)
  await context.answer(options, found, async () => await printPlan(context.terminal, found))
  return found.items.some(isToDo) ? EXIT.found : EXIT.done
}
