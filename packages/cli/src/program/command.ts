import { Command, Option } from 'commander'
import type { Context } from './context.js'
import type { ExitCode } from './exit.js'

/** The work of a command. It returns the exit code. */
export type Action<Args extends readonly unknown[], Options> = (
  context: Context,
  options: Options,
  ...args: Args
) => Promise<ExitCode>

/** Runs the work of a command in the context of this run. */
export type Runner = (run: (context: Context) => Promise<ExitCode>) => Promise<void>

/** A function that makes a command. */
export type CommandMaker = (runner: Runner) => Command

/** Makes a command, with its description and examples. */
export function command(usage: string, description: string, examples: readonly string[] = []): Command {
  // The first sentence is the summary in a list of commands.
  const [summary = ''] = description.split(/(?<=[.])\s/)
  const made = new Command(usage.split(' ')[0]).description(description).summary(summary)
  for (const argument of usage.split(' ').slice(1)) made.argument(argument)
  if (examples.length > 0) {
    made.addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`)
    exampleLines.set(made, examples)
  }
  return made
}

/** Gives a command its work. Absent arguments are `undefined`. */
export function acts<Args extends readonly unknown[], Options>(
  made: Command,
  runner: Runner,
  action: Action<Args, Options>,
): Command {
  return made.action(async (...given: unknown[]) => {
    // commander passes the arguments, then the options, then the command.
    const args = given.slice(0, -2) as unknown as Args
    await runner(async (context) => await action(context, made.optsWithGlobals() as Options, ...args))
  })
}

const exampleLines = new WeakMap<Command, readonly string[]>()

/** Returns the examples of a command and of all its subcommands. */
export function examplesOf(made: Command): readonly string[] {
  return [...(exampleLines.get(made) ?? []), ...made.commands.flatMap(examplesOf)]
}

/** Adds the options that locate the broker. */
export function withBroker(made: Command): Command {
  return made
    .option('--url <url>', 'the broker: amqp://user:password@host:5672/vhost (default: RABBITMQ_URL, or localhost)')
    .option(
      '--management <url>',
      'its management API (default: RABBITMQ_MANAGEMENT_URL, or port 15672 of the same host)',
    )
    .option('--ask-password', 'ask for the password, or read it from the first line of stdin')
}

/** Adds the option that locates the applications. */
export function withApp(made: Command): Command {
  return made.option(
    '--app <file>',
    'the file that exports applications (default: leveret.config.ts, .js or .mjs here or in a folder above)',
  )
}

/** Adds the option for JSON. */
export function withJson(made: Command): Command {
  return made.option('--json', 'write JSON')
}

/** Adds the options that prevent changes by accident. */
export function withSafety(made: Command, yes = '--yes'): Command {
  return made
    .addOption(new Option(yes, yes === '--yes' ? 'do not ask' : 'the name of the queue, instead of the question'))
    .option('--dry-run', 'show what would be done, and change nothing')
}
