import type { LetterProgress } from 'leveret'
import { isNarrow } from '../../letters/selection.js'
import type { Context } from '../../program/context.js'
import { EXIT, type ExitCode } from '../../program/exit.js'
import { type Consent, confirm } from '../../terminal/ask.js'
import { Progress } from '../../terminal/progress.js'
import type { ChoosingOptions, Opened } from './opened.js'

/** Options of commands that take letters. */
export interface PassOptions extends ChoosingOptions, Consent {
  readonly dryRun?: boolean
  readonly includeUnknown?: boolean
}

/** The result of a pass over the letters. */
export interface Passed {
  readonly done: number
  readonly skipped: number
}

/** Words that describe a pass to people. */
export interface PassWords {
  /** The verb, such as `replay`. */
  readonly verb: string
  /** The past participle, such as `replayed`. */
  readonly past: string
  /** The destination, such as `to 'thumbnails'`. */
  readonly to: string
}

/** Whether the pass may begin. For more than one letter, the user is asked. */
export async function mayBegin(
  context: Context,
  options: PassOptions,
  { letters, queue, session }: Opened,
  { verb, to }: PassWords,
): Promise<boolean> {
  const { limit, id, dryRun } = options
  const waiting = await letters.count()
  const which = isNarrow(options)
    ? `those of ${waiting} letters that match`
    : `${Math.min(waiting, limit ?? waiting)} of ${waiting} letters`
  session.announce(`${dryRun ? 'counts, for a dry run: ' : ''}${verb} ${which} in '${queue}' ${to}`)
  const isOne = limit === 1 || id?.length === 1 || waiting <= 1
  if (dryRun || isOne) return true
  const question = `${verb} ${which} in '${queue}' of ${session.place} ${to}?`
  return await confirm(context.terminal, `${question[0]?.toUpperCase()}${question.slice(1)}`, options, context.signal)
}

/** Makes a pass with a progress bar, and reports its result, also after Ctrl-C. */
export async function pass(
  context: Context,
  options: PassOptions,
  { past, verb }: PassWords,
  begin: (onProgress: (progress: LetterProgress) => void) => Promise<Passed>,
): Promise<ExitCode> {
  const progress = new Progress(context.terminal, verb)
  let last: LetterProgress = { done: 0, skipped: 0, left: 0 }
  const result = await begin((now) => {
    last = now
    progress.show(now.done + now.skipped, now.done + now.skipped + now.left)
  })
    .catch((error: unknown) => {
      progress.clear()
      context.terminal.say(
        `${past} ${last.done} and skipped ${last.skipped} before it failed. The other letters are still in the queue.`,
      )
      throw error
    })
    .finally(() => progress.clear())
  const interrupted = context.signal.aborted
  if (result.skipped > 0 && !isNarrow(options)) {
    context.terminal.say(
      `Skipped letters died in another queue${options.includeUnknown ? '' : ', or do not say where they died (--include-unknown takes those too)'}.`,
    )
  }
  const answer = { [past]: result.done, skipped: result.skipped, dryRun: options.dryRun ?? false, interrupted }
  await context.answer(options, answer, async () => {
    const verbs = options.dryRun ? `would have ${past}` : past
    await context.terminal.print(
      `${verbs} ${result.done}, skipped ${result.skipped}${interrupted ? '; interrupted, the other letters are still in the queue' : ''}`,
    )
  })
  return interrupted ? EXIT.interrupted : EXIT.done
}
