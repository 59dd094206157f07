import { declare } from 'leveret'
import { acts, command, type Runner, withApp, withBroker, withJson } from '../../program/command.js'
import type { CommonOptions, Context } from '../../program/context.js'
import { EXIT, type ExitCode } from '../../program/exit.js'
import { lookAt } from '../../topology/look.js'
import { isToDo } from '../../topology/plan-item.js'
import { printPlan, summaryOf } from '../../topology/print.js'

interface ApplyOptions extends CommonOptions {
  readonly dryRun?: boolean
}

/** `leveret topology apply` */
export function applyCommand(runner: Runner) {
  const made = command('apply', 'Declares what is missing. Removes nothing, and changes nothing that exists.', [
    'leveret topology apply --dry-run',
    'leveret topology apply',
  ])
  withJson(withApp(withBroker(made))).option('--dry-run', 'show what would be done, and change nothing')
  return acts(made, runner, apply)
}

async function apply(context: Context, options: ApplyOptions): Promise<ExitCode> {
  const applications = await context.someApplications(options)
  await using session = await context.session(options)
  const before = await lookAt(session, applications)
  const { items, unseen } = before
  const isComplete = !items.some(({ change }) => change === 'add') && unseen.length === 0
  const plan = isComplete ? 'nothing to declare' : `${options.dryRun ? 'would declare' : 'declares'} what is missing`
  session.announce(`${plan}: ${summaryOf(items)}`)
  const hindrance = items.filter(
    ({ change, kind }) => change === 'missing' || (change === 'differs' && kind !== 'policy'),
  )
  if (options.dryRun || isComplete || hindrance.length > 0) {
    // Declarations that RabbitMQ would refuse are reported before the first one, so that nothing is half done.
    await context.answer(
      options,
      { applied: false, items, unseen },
      async () => await printPlan(context.terminal, before),
    )
    const isLeft = options.dryRun ? hindrance.length > 0 : items.some(isToDo)
    return isLeft ? EXIT.found : EXIT.done
  }
  await declare(await session.connect(), applications, { signal: context.signal })
  const after = await lookAt(session, applications)
  await context.answer(
    options,
    { applied: true, items: after.items, unseen: after.unseen },
    async () => await printPlan(context.terminal, after),
  )
  return after.items.some(isToDo) ? EXIT.found : EXIT.done
}
