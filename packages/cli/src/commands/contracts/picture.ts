import { Option } from 'commander'
import { type PictureFormat, pictureOf } from '../../contracts/picture/picture.js'
import { acts, command, type Runner, withBroker, withJson } from '../../program/command.js'
import type { Context } from '../../program/context.js'
import { EXIT, type ExitCode } from '../../program/exit.js'
import { asDocumentCommand, type DocumentOptions, described } from './described.js'

interface PictureOptions extends DocumentOptions {
  readonly format: PictureFormat
  readonly broker?: boolean
}

/** `leveret contracts picture` */
export function pictureCommand(runner: Runner) {
  const made = command('picture', 'Draws who sends what where. With --broker it says how many messages wait.', [
    'leveret contracts picture',
    'leveret contracts picture --format svg --broker > topology.svg',
  ])
  withJson(withBroker(asDocumentCommand(made)))
    .addOption(
      new Option('--format <format>', 'mermaid is drawn by GitHub')
        .choices(['mermaid', 'dot', 'svg'])
        .default('mermaid'),
    )
    .option('--broker', 'ask the broker how many messages wait')
  return acts(made, runner, draw)
}

async function draw(context: Context, options: PictureOptions): Promise<ExitCode> {
  const { document } = await described(context, options)
  const picture = pictureOf(document, options.format, options.broker ? await depths(context, options) : undefined)
  await context.answer(
    options,
    { format: options.format, picture },
    async () => await context.terminal.print(picture.trimEnd()),
  )
  return EXIT.done
}

async function depths(context: Context, options: PictureOptions): Promise<ReadonlyMap<string, number>> {
  await using session = await context.session(options)
  const queues = await session.management.queues(session.vhost)
  return new Map(queues.map(({ name, messages = 0 }) => [name, messages]))
}
