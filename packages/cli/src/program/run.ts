import { CommanderError } from 'commander'
import { paint } from '../terminal/style.js'
import type { Terminal } from '../terminal/terminal.js'
import type { Runner } from './command.js'
import { Context } from './context.js'
import { EXIT, type ExitCode } from './exit.js'
import { createProgram } from './program.js'

/** Options of {@link run}. */
export interface RunOptions {
  readonly terminal: Terminal
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  /** The folder in which `leveret.config.ts` is looked for. */
  readonly folder: string
}

/** Runs the program with these arguments. Never throws: an error is printed, and decides the exit code. */
export async function run(args: readonly string[], { terminal, signal, folder }: RunOptions): Promise<ExitCode> {
  let code: ExitCode = EXIT.done
  const runner: Runner = async (work) => {
    if (program.opts().color === false) terminal.forbidColor()
    code = await work(new Context(terminal, signal, folder))
  }
  const program = await createProgram(terminal, runner, (name) => args.includes(name))
  try {
    await program.parseAsync([...args], { from: 'user' })
    return signal.aborted ? EXIT.interrupted : code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    if (signal.aborted && (error === signal.reason || Object(error).name === 'AbortError')) return EXIT.interrupted
    const { exitCodeOf, linesOf } = await import('./failure.js')
    const [first = '', ...others] = linesOf(error)
    terminal.say([paint(terminal.hasTalkColor, 'red', first), ...others].join('\n'))
    return exitCodeOf(error)
  }
}
