import { createRequire } from 'node:module'
import { Command } from 'commander'
import type { Terminal } from '../terminal/terminal.js'
import { cut } from '../terminal/width.js'
import { CATALOG } from './catalog.js'
import { command, type Runner } from './command.js'

/**
 * The program. Commands that are not wanted appear in its help, and cannot run.
 *
 * @param isWanted - whether to load the command of this name. Default: all
 */
export async function createProgram(
  terminal: Terminal,
  runner: Runner,
  isWanted: (name: string) => boolean = () => true,
): Promise<Command> {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }
  const program = new Command('leveret')
    .description('Operates RabbitMQ by the contracts of leveret. Data goes to stdout, messages for you to stderr.')
    .version(version)
    .option('--no-color', 'write no colours; NO_COLOR and FORCE_COLOR are obeyed too')
    .addHelpText('after', HELP)
  for (const { usage, summary, load } of CATALOG) {
    const isLoaded = isWanted(usage.split(' ')[0] ?? '')
    program.addCommand(isLoaded ? (await load())(runner) : command(usage, summary))
  }
  for (const each of withAll(program)) adjust(each, terminal)
  return program
}

const HELP = `
Exit codes:
  0    done
  1    a problem was found, or the work is not complete
  2    the command line is wrong
  3    no connection, or no permission
  130  Ctrl-C, after the current work was finished
Every command has --help, with examples.`

function withAll(program: Command): readonly Command[] {
  return [program, ...program.commands.flatMap(withAll)]
}

/** Makes a command throw errors of usage, and write its texts to the terminal. */
function adjust(each: Command, terminal: Terminal): void {
  each.exitOverride().showHelpAfterError(`(${fullName(each)} --help says more)`)
  each.configureHelp({
    minWidthToWrap: 20,
    subcommandTerm: (inner) => {
      const required = inner.registeredArguments.filter((argument) => argument.required)
      return [inner.name(), ...required.map((argument) => `<${argument.name()}>`)].join(' ')
    },
  })
  each.configureOutput({
    writeOut: (text) => void terminal.print(text.trimEnd()),
    writeErr: (text) => terminal.say(text.trimEnd()),
    outputError: (text, write) => write(cut(text.trimEnd(), 500)),
    getOutHelpWidth: () => Math.min(terminal.columns, 120),
    getErrHelpWidth: () => Math.min(terminal.columns, 120),
  })
}

function fullName(each: Command): string {
  return each.parent === null ? each.name() : `${fullName(each.parent)} ${each.name()}`
}
