import { createRequire } from 'node:module'
import { Command } from 'commander'
import { brokerCommand } from '../commands/broker.js'
import { callCommand } from '../commands/call.js'
import { contractsCommand } from '../commands/contracts.js'
import { doctorCommand } from '../commands/doctor.js'
import { lettersCommand } from '../commands/letters.js'
import { listCommand } from '../commands/list.js'
import { policyCommand } from '../commands/policy.js'
import { publishCommand } from '../commands/publish.js'
import { sendCommand } from '../commands/send.js'
import { tailCommand } from '../commands/tail.js'
import { topologyCommand } from '../commands/topology.js'
import { cut } from '../terminal/table.js'
import type { Terminal } from '../terminal/terminal.js'
import type { CommandMaker, Runner } from './command.js'

const COMMANDS: readonly CommandMaker[] = [
  doctorCommand,
  listCommand,
  lettersCommand,
  tailCommand,
  sendCommand,
  publishCommand,
  callCommand,
  topologyCommand,
  contractsCommand,
  policyCommand,
  brokerCommand,
]

/** The program with all its commands. */
export function createProgram(terminal: Terminal, runner: Runner): Command {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }
  const program = new Command('leveret')
    .description('Operates RabbitMQ by the contracts of leveret. Data goes to stdout, talk to stderr.')
    .version(version)
    .option('--no-color', 'no colours; NO_COLOR and FORCE_COLOR are read too')
    .addHelpText('after', HELP)
  for (const make of COMMANDS) program.addCommand(make(runner))
  for (const each of withAll(program)) adjust(each, terminal)
  return program
}

const HELP = `
Exit codes:
  0    done
  1    something was found, or not all is done
  2    wrong usage
  3    no connection, or not allowed
  130  Ctrl-C; running work is finished
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
