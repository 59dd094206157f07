import { isErrorOf, RpcClient } from 'leveret'
import { contractNamed } from '../config/contracts.js'
import { acts, command, type Runner, withApp, withBroker } from '../program/command.js'
import type { CommonOptions, Context } from '../program/context.js'
import { EXIT, type ExitCode } from '../program/exit.js'
import { span } from '../program/parse.js'
import { payloadOf } from '../sending/input.js'
import { jsonText } from '../terminal/json.js'

interface CallCommandOptions extends CommonOptions {
  readonly timeout?: number
}

/** `leveret call <procedure>` */
export function callCommand(runner: Runner) {
  const made = command(
    'call <procedure> [request]',
    'Calls a procedure and prints its response as JSON. It prints a declared error with its code and data, and exits with 1.',
    [`leveret call quote '{"widthPx":320}' --timeout 5s`],
  )
  withApp(withBroker(made))
    .option('--json', 'accepted as everywhere; the output is always JSON')
    .option('--timeout <span>', 'how long to wait for the response: 500ms, 10s', span)
  return acts(made, runner, call)
}

async function call(context: Context, options: CallCommandOptions, name: string, request?: string): Promise<ExitCode> {
  const procedure = contractNamed(await context.applications(options), name, 'procedure')
  // A procedure without a request takes no content.
  const payload = request === undefined ? undefined : payloadOf(request, procedure.requests.codec, 'The request')
  await using session = await context.session(options)
  const client = new RpcClient(await session.connect(), procedure)
  session.announce(`calls '${name}'`)
  try {
    const response = await client.call(payload, { timeoutMs: options.timeout, signal: context.signal })
    await context.terminal.print(jsonText(response ?? null))
    return EXIT.done
  } catch (error) {
    if (!isErrorOf(procedure, error)) throw error
    const { code, data } = error as { code: string; data: unknown }
    await context.terminal.print(jsonText({ error: code, data: data ?? null }))
    context.terminal.say(`'${name}' answered with its error '${code}'`)
    return EXIT.found
  }
}
