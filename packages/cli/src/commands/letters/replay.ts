import { selectionOf } from '../../letters/selection.js'
import { acts, command, type Runner, withSafety } from '../../program/command.js'
import type { Context } from '../../program/context.js'
import { EXIT, type ExitCode } from '../../program/failure.js'
import { positiveNumber } from '../../program/parse.js'
import { asLetterCommand, withLetters, withSelection } from './opened.js'
import { mayBegin, type PassOptions, pass } from './pass.js'

interface ReplayCommandOptions extends PassOptions {
  readonly rate?: number
}

/** `leveret letters replay <name>` */
export function replayCommand(runner: Runner) {
  const made = command(
    'replay <name>',
    'Sends letters back to their work queue, oldest first, each confirmed before it is taken away. Killed at any moment it loses none.',
    [
      'leveret letters replay thumbnails --dry-run',
      'leveret letters replay thumbnails --reason attempts-exhausted --since 2h --yes',
      'leveret letters replay thumbnails --limit 1',
    ],
  )
  withSafety(withSelection(asLetterCommand(made)))
    .option('--rate <count>', 'at most so many a second', positiveNumber)
    .option('--include-unknown', 'also those that do not say which queue they died in')
  return acts(made, runner, replay)
}

async function replay(context: Context, options: ReplayCommandOptions, name: string): Promise<ExitCode> {
  return await withLetters(context, options, name, async (opened) => {
    const words = { verb: 'replay', past: 'replayed', to: `to '${opened.contract.name}'` }
    if (!(await mayBegin(context, options, opened, words))) return EXIT.found
    return await pass(context, options, words, async (onProgress) => {
      const { replayed, skipped } = await opened.letters.replay({
        filter: selectionOf(options),
        limit: options.limit,
        dryRun: options.dryRun,
        ratePerSecond: options.rate,
        includeUnknown: options.includeUnknown,
        signal: context.signal,
        onProgress,
      })
      return { done: replayed, skipped }
    })
  })
}
