import { asyncApiOf } from '../../contracts/asyncapi/document.js'
import { acts, command, type Runner } from '../../program/command.js'
import type { Context } from '../../program/context.js'
import { EXIT, type ExitCode, UsageError } from '../../program/exit.js'
import { jsonText } from '../../terminal/json.js'
import { asDocumentCommand, type DocumentOptions, described } from './described.js'

interface AsyncApiCommandOptions extends DocumentOptions {
  readonly application?: string
  readonly vhost?: string
  readonly server?: string
}

/** `leveret contracts asyncapi` */
export function asyncApiCommand(runner: Runner) {
  const made = command('asyncapi', 'Writes an AsyncAPI 3.1 document of one application, with AMQP bindings.', [
    'leveret contracts asyncapi --application shop > asyncapi.json',
  ])
  asDocumentCommand(made)
    .option('--application <name>', 'the application to describe, if the file exports several')
    .option('--vhost <name>', 'the vhost in the bindings', '/')
    .option('--server <url>', 'the URL of the broker in the document; credentials are left out')
    .option('--json', 'accepted as everywhere; the output is always JSON')
  return acts(made, runner, writeAsyncApi)
}

async function writeAsyncApi(context: Context, options: AsyncApiCommandOptions): Promise<ExitCode> {
  const { document } = await described(context, options)
  const [application, ...others] = document.applications.filter(
    ({ name }) => options.application === undefined || name === options.application,
  )
  if (application === undefined || others.length > 0) {
    throw new UsageError(
      `Say which application: --application ${document.applications.map(({ name }) => name).join(', or --application ')}.`,
    )
  }
  await context.terminal.print(
    jsonText(asyncApiOf(application, document, { vhost: options.vhost, server: options.server })),
  )
  return EXIT.done
}
