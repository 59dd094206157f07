import { PayloadError, type PipelineFailure, Producer, type WorkQueue } from 'leveret'
import { contractNamed } from '../config/contracts.js'
import { acts, command, type Runner, withApp, withBroker, withJson } from '../program/command.js'
import type { CommonOptions, Context } from '../program/context.js'
import { EXIT, type ExitCode, UsageError } from '../program/exit.js'
import { linesOf } from '../program/failure.js'
import { pair, span } from '../program/parse.js'
import { payloadOf, type Source, sourceOf } from '../sending/input.js'
import { Progress } from '../terminal/progress.js'

interface SendCommandOptions extends CommonOptions {
  readonly file?: string
  readonly delay?: number
  readonly header?: Readonly<Record<string, string>>
  readonly messageId?: string
  readonly declare?: boolean
  readonly dryRun?: boolean
}

/** The most failures to print one by one. */
const MOST_TOLD = 10

/** `leveret send <contract>` */
export function sendCommand(runner: Runner) {
  const made = command(
    'send <contract> [payload]',
    'Sends tasks to a work queue. Each task is checked against the contract before it is sent, and confirmed by the broker.',
    [
      `leveret send thumbnails '{"imageId":"9d5a4a3e-61e3-4e16-9a4b-6f3a5e4c1f00","widthPx":320}'`,
      `leveret send thumbnails --file tasks.ndjson`,
      `leveret send thumbnails --delay 5m --declare '{"imageId":"9d5a4a3e-61e3-4e16-9a4b-6f3a5e4c1f00","widthPx":64}'`,
    ],
  )
  withJson(withApp(withBroker(made)))
    .option('--file <path>', 'read payloads from a file, one a line; the payload - reads lines from stdin')
    .option('--delay <span>', 'deliver it after this time: 90s, 5m, 2h, 7d', span)
    .option('--header <key=value>', 'set a header; may be repeated', pair)
    .option('--message-id <id>', 'the id by which receivers recognize a duplicate')
    .option('--declare', 'declare missing queues; without it a missing queue is an error')
    .option('--dry-run', 'check the payloads, and send none')
  return acts(made, runner, send)
}

async function send(context: Context, options: SendCommandOptions, name: string, payload?: string): Promise<ExitCode> {
  const source = sourceOf(payload, options.file, context.terminal.stdin)
  const contract = contractNamed(await context.applications(options), name, 'work-queue')
  if (options.dryRun) return await checkAll(context, options, contract, source)
  await using session = await context.session(options)
  const rabbit = await session.connect({ topology: options.declare ? 'declare' : 'check' })
  session.announce(`sends to '${name}'${options.declare ? ', and declares what is missing' : ''}`)
  const producer = new Producer(rabbit, contract)
  const how = { delayMs: options.delay, headers: options.header, signal: context.signal }
  if (source.text !== undefined) {
    const { messageId } = await producer.send(payloadOf(source.text, contract.codec), {
      ...how,
      messageId: options.messageId,
    })
    await context.answer(options, { messageId }, async () => await context.terminal.print(messageId))
    return EXIT.done
  }
  const progress = new Progress(context.terminal, 'send')
  const failures: PipelineFailure<unknown>[] = []
  let taken = 0
  async function* payloads(): AsyncGenerator<unknown> {
    for await (const line of source.lines?.() ?? []) {
      // Ctrl-C ends the source, so that messages already begun are confirmed and counted.
      if (context.signal.aborted) return
      taken += 1
      progress.show(taken, undefined)
      yield payloadOf(line, contract.codec, `Line ${taken}`)
    }
  }
  const { signal: _signal, ...batch } = how
  const result = await producer
    .sendAll(payloads(), { ...batch, onFailure: (failure) => void failures.push(failure) })
    .catch((error: unknown) => {
      tell(context, failures)
      // A line that cannot be read ends the source. All before it have settled.
      if (error instanceof UsageError) context.terminal.say(`sent ${taken - 1 - failures.length}, then:`)
      throw error
    })
    .finally(() => progress.clear())
  tell(context, failures)
  const { sent, failed } = result
  await context.answer(
    options,
    { sent, failed, interrupted: context.signal.aborted },
    async () => await context.terminal.print(`sent ${sent}, failed ${failed}`),
  )
  return failed === 0 ? EXIT.done : EXIT.found
}

function tell({ terminal }: Context, failures: readonly PipelineFailure<unknown>[]): void {
  for (const { index, error } of failures.slice(0, MOST_TOLD))
    terminal.say(`line ${index + 1}: ${linesOf(error).join('\n')}`)
  if (failures.length > MOST_TOLD) terminal.say(`and ${failures.length - MOST_TOLD} more`)
}

/** Makes the same checks without sending anything, and without a broker. */
async function checkAll(
  context: Context,
  options: SendCommandOptions,
  contract: WorkQueue,
  source: Source,
): Promise<ExitCode> {
  const failures: PipelineFailure<unknown>[] = []
  let checked = 0
  const lines = source.text === undefined ? (source.lines?.() ?? []) : [source.text]
  for await (const line of lines) {
    const item = payloadOf(line, contract.codec, `Line ${checked + 1}`)
    const { issues } = await contract.payload['~standard'].validate(item)
    if (issues !== undefined) failures.push({ index: checked, item, error: refusal(contract.name, issues) })
    checked += 1
  }
  tell(context, failures)
  const valid = checked - failures.length
  await context.answer(
    options,
    { valid, invalid: failures.length, dryRun: true },
    async () => await context.terminal.print(`would send ${valid}, refused ${failures.length}`),
  )
  return failures.length === 0 ? EXIT.done : EXIT.found
}

type Issues = readonly {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}[]

function refusal(contract: string, issues: Issues): PayloadError {
  const read = issues.map(({ message, path = [] }) => ({
    message,
    path: path.map((part) => String(typeof part === 'object' ? part.key : part)),
  }))
  return new PayloadError('outgoing', contract, read)
}
