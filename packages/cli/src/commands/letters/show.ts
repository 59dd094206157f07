import { isNarrow, selectionOf } from '../../letters/selection.js'
import { type LetterView, viewOf } from '../../letters/view.js'
import { acts, command, type Runner } from '../../program/command.js'
import type { Context } from '../../program/context.js'
import { EXIT, type ExitCode } from '../../program/exit.js'
import { harmless, paint } from '../../terminal/style.js'
import type { Terminal } from '../../terminal/terminal.js'
import { ago } from '../../terminal/times.js'
import { cut, wrap } from '../../terminal/width.js'
import { asLetterCommand, type ChoosingOptions, withLetters, withSelection } from './opened.js'

const DEFAULT_LIMIT = 20
/** The most letters to read in search of the wanted ones, because all are held in memory. */
const MOST_LOOKED_AT = 1_000

/** `leveret letters show <name>` */
export function showCommand(runner: Runner) {
  const made = command(
    'show <name>',
    'Shows the first letters, each with its reason and error, and with the parts that do not fit the contract. The letters stay in the queue.',
    [
      'leveret letters show thumbnails',
      'leveret letters show thumbnails --reason invalid-payload --limit 5 --json',
      `leveret letters show thumbnails --where 'payload.widthPx > 1000'`,
    ],
  )
  return acts(withSelection(asLetterCommand(made)), runner, show)
}

async function show(context: Context, options: ChoosingOptions, name: string): Promise<ExitCode> {
  return await withLetters(context, options, name, async ({ letters, isKnown, queue }) => {
    const { limit = DEFAULT_LIMIT } = options
    const peeked = await letters.peek({ limit: isNarrow(options) ? MOST_LOOKED_AT : Math.min(limit, MOST_LOOKED_AT) })
    const chosen = peeked.filter(selectionOf(options)).slice(0, limit)
    const views = await Promise.all(chosen.map(async (letter) => await viewOf(letter, isKnown)))
    await context.answer(options, views, async () => {
      for (const view of views) await printLetter(context.terminal, view)
    })
    context.terminal.say(`${views.length} of ${await letters.count()} letters in '${queue}'`)
    return EXIT.done
  })
}

async function printLetter(terminal: Terminal, view: LetterView): Promise<void> {
  const { messageId, queue, reason, attempts, replays, deadLetteredAt, problems = [], error } = view
  const when = ago(deadLetteredAt === null ? undefined : new Date(deadLetteredAt))
  const facts = [
    reason === 'unknown' ? 'unknown reason' : reason,
    queue === null ? 'unknown queue' : `in ${queue}`,
    ...(attempts === 0 ? [] : [`${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`]),
    ...(replays === 0 ? [] : [`${replays} ${replays === 1 ? 'replay' : 'replays'}`]),
    ...(deadLetteredAt === null ? [] : [when]),
  ]
  const id = harmless(messageId ?? '(no id)')
  const head = wrap([id, ...facts.map(harmless)].join('  '), terminal.columns, 2)
  await terminal.print(head.replace(id, () => paint(terminal.hasColor, 'bold', id)))
  const reasons = [
    ...(error === null ? [] : [`error    ${error.name}: ${error.message}`]),
    ...problems.map(
      ({ path, expected, found }) =>
        `at       ${path || '(the value itself)'}: ${expected}${found === null ? '' : `; found ${JSON.stringify(found)}`}`,
    ),
    ...(view.exchange === '' ? [] : [`from     ${view.exchange} ${view.routingKey}`]),
  ]
  for (const line of reasons) await terminal.print(wrap(`  ${harmless(line)}`, terminal.columns, 11))
  const body = 'payload' in view ? `payload  ${JSON.stringify(view.payload)}` : `content  ${view.content} (base64)`
  await terminal.print(cut(`  ${harmless(body)}`, terminal.columns))
}
