import { selectionOf } from '../../letters/selection.js'
import { acts, command, type Runner, withSafety } from '../../program/command.js'
import type { Context } from '../../program/context.js'
import { EXIT, type ExitCode } from '../../program/failure.js'
import { asLetterCommand, withLetters, withSelection } from './opened.js'
import { mayBegin, type PassOptions, pass } from './pass.js'

interface MoveCommandOptions extends PassOptions {
  readonly to: string
}

/** `leveret letters move <name> --to <queue>` */
export function moveCommand(runner: Runner) {
  const made = command(
    'move <name>',
    'Moves letters to another queue as they are, each confirmed before it is taken away.',
    ['leveret letters move thumbnails --to parked --reason invalid-payload --yes'],
  )
  withSafety(withSelection(asLetterCommand(made)))
    .requiredOption('--to <queue>', 'a queue that exists')
    .option('--include-unknown', 'also those that do not say which queue they died in')
  return acts(made, runner, move)
}

async function move(context: Context, options: MoveCommandOptions, name: string): Promise<ExitCode> {
  return await withLetters(context, options, name, async (opened) => {
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
