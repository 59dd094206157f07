import { acts, command, type Runner } from '../../program/command.js'
import type { Context } from '../../program/context.js'
import { EXIT, type ExitCode } from '../../program/exit.js'
import { asLetterCommand, type LetterCommandOptions, withLetters } from './opened.js'

/** `leveret letters count <name>` */
export function countCommand(runner: Runner) {
  const made = command('count <name>', 'Counts the letters of a contract, queue or dead-letter queue. It reads none.', [
    'leveret letters count thumbnails',
  ])
  return acts(asLetterCommand(made), runner, count)
}

async function count(context: Context, options: LetterCommandOptions, name: string): Promise<ExitCode> {
  return await withLetters(context, options, name, async ({ letters, queue }) => {
    const found = await letters.count()
    await context.answer(options, { queue, letters: found }, async () => await context.terminal.print(String(found)))
    return EXIT.done
  })
}
