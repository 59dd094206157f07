import { acts, command, type Runner, withApp, withBroker, withJson } from '../../program/command.js'
import type { CommonOptions, Context } from '../../program/context.js'
import { EXIT, type ExitCode } from '../../program/exit.js'
import { lookAt } from '../../topology/look.js'
import { isToDo } from '../../topology/plan-item.js'
import { summaryOf } from '../../topology/print.js'

/** `leveret topology check` */
export function checkCommand(runner: Runner) {
  const made = command(
    'check',
    'The same as plan, with only an exit code: 0 when everything exists as declared, else 1.',
    ['leveret topology check'],
  )
  return acts(withJson(withApp(withBroker(made))), runner, check)
}

async function check(context: Context, options: CommonOptions): Promise<ExitCode> {
  const applications = await context.someApplications(options)
  await using session = await context.session(options)
  const { items, unseen } = await lookAt(session, applications)
  const isRight = !items.some(isToDo)
  await context.answer(options, { isRight, unseen }, async () =>
    context.terminal.say([...unseen, summaryOf(items)].join('\n')),
  )
  return isRight ? EXIT.done : EXIT.found
}
