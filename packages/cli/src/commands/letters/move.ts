import { selectionOf } from '../../letters/selection.js'
import { acts, command, type Runner, withSafety } from '../../program/command.js'
import type { Context } from '../../program/context.js'
import { EXIT, type ExitCode, UsageError } from '../../program/exit.js'
import { asLetterCommand, withLetters, withSelection } from './opened.js'
import { mayBegin, type PassOptions, pass } from './pass.js'

interface MoveCommandOptions extends PassOptions {
  readonly to: string
}

/** `leveret letters move <name> --to <queue>` */
export function moveCommand(runner: Runner) {
  const made = command(
    'move <name>',
    'Moves letters to another queue, unchanged. The broker confirms each before it is removed.',
    ['leveret letters move thumbnails --to parked --reason invalid-payload --yes'],
  )
  withSafety(withSelection(asLetterCommand(made)))
    .requiredOption('--to <queue>', 'the destination, which must exist')
    .option('--include-unknown', 'also take letters that do not say in which queue they died')
  return acts(made, runner, move)
}

async function move(context: Context, options: MoveCommandOptions, name: string): Promise<ExitCode> {
  return await withLetters(context, options, name, async (opened) => {
    if (options.to === opened.contract.name)
      throw new UsageError(
        `'${options.to}' is the work queue. To send letters back to it: leveret letters replay ${name}`,
      )
    if (options.to === opened.queue) throw new UsageError(`The letters are in '${options.to}' already.`)
    const words = { verb: 'move', past: 'moved', to: `to '${options.to}'` }
    if (!(await mayBegin(context, options, opened, words))) return EXIT.found
    return await pass(context, options, words, async (onProgress) => {
      const { moved, skipped } = await opened.letters.move({
        to: options.to,
        filter: selectionOf(options),
        limit: options.limit,
        dryRun: options.dryRun,
        includeUnknown: options.includeUnknown,
        signal: context.signal,
        onProgress,
      })
      return { done: moved, skipped }
    })
  })
}
