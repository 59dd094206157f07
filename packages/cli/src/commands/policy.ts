import type { Policy } from '@leveret/management'
import { policyOf, type QueuePolicy } from 'leveret'
import { contractNamed } from '../config/contracts.js'
import { acts, command, type Runner, withApp, withBroker, withJson, withSafety } from '../program/command.js'
import type { CommonOptions, Context } from '../program/context.js'
import { EXIT, type ExitCode } from '../program/exit.js'
import { type Consent, confirm } from '../terminal/ask.js'

interface PolicyOptions extends CommonOptions, Consent {
  readonly set?: boolean
  readonly dryRun?: boolean
}

/** `leveret policy <contract>` */
export function policyCommand(runner: Runner) {
  const made = command(
    'policy <contract>',
    "Prints or sets the policy of a queue whose contract says settings: 'policy'.",
    ['leveret policy thumbnails', 'leveret policy thumbnails --set --dry-run'],
  )
  withSafety(withJson(withApp(withBroker(made)))).option('--set', 'set it on the broker')
  return acts(made, runner, policy)
}

async function policy(context: Context, options: PolicyOptions, name: string): Promise<ExitCode> {
  const contract = contractNamed(await context.applications(options), name, 'work-queue', 'subscription')
  const wanted = policyOf(contract)
  if (!options.set) {
    await context.answer(options, wanted, async () => await context.terminal.print(shellCommand(wanted)))
    return EXIT.done
  }
  await using session = await context.session(options)
  session.announce(`${options.dryRun ? 'would set' : 'sets'} the policy '${wanted.name}'`)
  const known = (await session.management.policies(session.vhost)).find((one) => one.name === wanted.name)
  const others = (await session.management.policies(session.vhost)).filter(
    (one) => one.name !== wanted.name && matches(one.pattern, name),
  )
  for (const { name: other, priority = 0 } of others) {
    context.terminal.say(
      `The policy '${other}' (priority ${priority}) matches '${name}' too. RabbitMQ applies one of them: the highest priority.`,
    )
  }
  const question = `${known === undefined ? 'Set' : 'Replace'} the policy '${wanted.name}' on ${session.place}?`
  const mayGoOn = !options.dryRun && (await confirm(context.terminal, question, options, context.signal))
  if (mayGoOn) await session.management.setPolicy(session.vhost, wanted.name, wanted)
  const answer = { policy: wanted, replaced: known ?? null, set: mayGoOn }
  await context.answer(
    options,
    answer,
    async () => await context.terminal.print(mayGoOn ? `set '${wanted.name}'` : shellCommand(wanted)),
  )
  return mayGoOn || options.dryRun ? EXIT.done : EXIT.found
}

function matches(pattern: Policy['pattern'], name: string): boolean {
  try {
    return new RegExp(pattern).test(name)
  } catch {
    return false
  }
}

/** Returns the command for a shell on the broker's machine that sets the same policy. */
function shellCommand({ name, pattern, definition }: QueuePolicy): string {
  const quoted = [name, pattern, JSON.stringify(definition)].map((text) => `'${text.replaceAll("'", `'\\''`)}'`)
  return `rabbitmqctl set_policy --apply-to queues ${quoted.join(' ')}`
}
