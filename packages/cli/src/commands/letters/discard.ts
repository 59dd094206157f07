import { isNarrow, selectionOf } from '../../letters/selection.js'
import { acts, command, type Runner, withSafety } from '../../program/command.js'
import type { Context } from '../../program/context.js'
import { EXIT, type ExitCode } from '../../program/exit.js'
import { confirmByName } from '../../terminal/ask.js'
import { asLetterCommand, withLetters, withSelection } from './opened.js'
import { type PassOptions, pass } from './pass.js'

/** `leveret letters discard <name>` */
export function discardCommand(runner: Runner) {
  const made = command(
    'discard <name>',
    'Removes letters for good. It asks for the name of the dead-letter queue, or takes it as --yes=<queue>.',
    [
      'leveret letters discard thumbnails --dry-run',
      'leveret letters discard thumbnails --reason invalid-payload --yes=thumbnails.dead-letter',
    ],
  )
  withSafety(withSelection(asLetterCommand(made)), '--yes <queue>').option(
    '--include-unknown',
    'also take letters that do not say in which queue they died',
  )
  return acts(made, runner, discard)
}

async function discard(context: Context, options: PassOptions, name: string): Promise<ExitCode> {
  return await withLetters(context, options, name, async ({ letters, queue, session }) => {
    const waiting = await letters.count()
    const which =
      isNarrow(options) || options.limit !== undefined
        ? `those of ${waiting} letters that match`
        : `all ${waiting} letters`
    session.announce(`${options.dryRun ? 'counts, for a dry run: ' : ''}discard ${which} in '${queue}'`)
    const question = `Discard ${which} in '${queue}' of ${session.place} for good?`
    const mayGoOn = options.dryRun || (await confirmByName(context.terminal, question, queue, options, context.signal))
    if (!mayGoOn) return EXIT.found
    return await pass(context, options, { verb: 'discard', past: 'discarded', to: '' }, async (onProgress) => {
      const { discarded, skipped } = await letters.discard({
        filter: selectionOf(options),
        limit: options.limit,
        dryRun: options.dryRun,
        includeUnknown: options.includeUnknown,
        signal: context.signal,
        onProgress,
      })
      return { done: discarded, skipped }
    })
  })
}
