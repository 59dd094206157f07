import { selectionOf } from '../../letters/selection.js'
import { acts, command, type Runner, withSafety } from '../../program/command.js'
import type { Context } from '../../program/context.js'
import { EXIT, type ExitCode } from '../../program/exit.js'
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
    'Sends letters back to their work queue, oldest first. The broker confirms each before it is removed, so none is lost if the command is killed.',
    [
      'leveret letters replay thumbnails --dry-run',
      'leveret letters replay thumbnails --reason attempts-exhausted --since 2h --yes',
      'leveret letters replay thumbnails --limit 1',
    ],
  )
  withSafety(withSelection(asLetterCommand(made)))
    .option('--rate <count>', 'replay at most so many letters a second', positiveNumber)
    .option('--include-unknown', 'also take letters that do not say in which queue they died')
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
