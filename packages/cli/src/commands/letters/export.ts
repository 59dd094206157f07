import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import type { DeadLetter } from 'leveret'
import { selectionOf } from '../../letters/selection.js'
import { viewOf } from '../../letters/view.js'
import { acts, command, type Runner } from '../../program/command.js'
import type { Context } from '../../program/context.js'
import { EXIT, type ExitCode } from '../../program/exit.js'
import { jsonLine } from '../../terminal/json.js'
import { Progress } from '../../terminal/progress.js'
import { asLetterCommand, type ChoosingOptions, withLetters, withSelection } from './opened.js'

interface ExportOptions extends ChoosingOptions {
  readonly file?: string
}

/** `leveret letters export <name>` */
export function exportCommand(runner: Runner) {
  const made = command(
    'export <name>',
    'Writes letters as JSON, one a line. The letters stay in the queue: each is stored again behind the others.',
    [
      'leveret letters export thumbnails --file letters.ndjson',
      'leveret letters export thumbnails --reason attempts-exhausted',
    ],
  )
  withSelection(asLetterCommand(made)).option('--file <path>', 'write to this file instead of stdout')
  return acts(made, runner, exportLetters)
}

async function exportLetters(context: Context, options: ExportOptions, name: string): Promise<ExitCode> {
  return await withLetters(context, options, name, async ({ letters, isKnown, queue, session }) => {
    session.announce(`reads the letters in '${queue}', and stores each again behind the others`)
    const progress = new Progress(context.terminal, 'export')
    const choice = selectionOf(options)
    const out = writerOf(context, options.file)
    // A dry run of `discard` passes over any number of letters and removes none.
    const { discarded } = await letters
      .discard({
        dryRun: true,
        limit: options.limit,
        // Reading does no harm to letters of unknown origin.
        includeUnknown: true,
        signal: context.signal,
        filter: async (letter: DeadLetter<unknown>) => {
          if (!choice(letter)) return false
          await out.line(jsonLine(await viewOf(letter, isKnown)))
          return true
        },
        onProgress: ({ done, skipped, left }) => progress.show(done + skipped, done + skipped + left),
      })
      .finally(() => progress.clear())
    await out.end()
    context.terminal.say(`exported ${discarded}${context.signal.aborted ? ', interrupted' : ''}`)
    return context.signal.aborted ? EXIT.interrupted : EXIT.done
  })
}

interface Writer {
  line(text: string): Promise<void>
  end(): Promise<void>
}

function writerOf({ terminal }: Context, file: string | undefined): Writer {
  if (file === undefined) return { line: async (text) => await terminal.print(text), end: async () => undefined }
  const stream = createWriteStream(file)
  const done = finished(stream)
  done.catch(() => undefined)
  return {
    line: async (text) => {
      if (stream.write(`${text}\n`)) return
      await Promise.race([new Promise<void>((resolve) => void stream.once('drain', () => resolve())), done])
    },
    end: async () => {
      stream.end()
      await done
    },
  }
}
