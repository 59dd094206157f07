import { randomUUID } from 'node:crypto'
import { type Connection, type EncodedMessage, type Exchange, encodeMessage, sendEncoded } from 'leveret'
import { findContract } from '../config/contracts.js'
import { acts, command, type Runner, withApp, withBroker, withJson } from '../program/command.js'
import type { CommonOptions, Context } from '../program/context.js'
import { EXIT, type ExitCode } from '../program/exit.js'
import { pair } from '../program/parse.js'
import { contentTypeOf, payloadOf, type Source, sourceOf } from '../sending/input.js'
import { Progress } from '../terminal/progress.js'

interface PublishCommandOptions extends CommonOptions {
  readonly file?: string
  readonly header?: Readonly<Record<string, string>>
  readonly messageId?: string
  readonly dryRun?: boolean
}

/** `leveret publish <exchange> <routing key>` */
export function publishCommand(runner: Runner) {
  const made = command(
    'publish <exchange> <routing-key> [payload]',
    "Publishes messages to an exchange. The default exchange is ''. Messages are checked if the contract is known, and otherwise published as they are.",
    [
      `leveret publish log_lines api.info '{"service":"api","text":"up","at":"2026-01-01T00:00:00Z"}'`,
      `leveret publish '' thumbnails --dry-run '{"imageId":"9d5a4a3e-61e3-4e16-9a4b-6f3a5e4c1f00","widthPx":64}'`,
    ],
  )
  withJson(withApp(withBroker(made)))
    .option('--file <path>', 'read payloads from a file, one a line; the payload - reads lines from stdin')
    .option('--header <key=value>', 'set a header; may be repeated', pair)
    .option('--message-id <id>', 'the id by which receivers recognize a duplicate')
    .option('--dry-run', 'check and encode the payloads, and publish none')
  return acts(made, runner, publish)
}

async function publish(
  context: Context,
  options: PublishCommandOptions,
  exchange: string,
  routingKey: string,
  payload?: string,
): Promise<ExitCode> {
  const source = sourceOf(payload, options.file, context.terminal.stdin)
  const contract = findContract(await context.applications(options), exchange, 'exchange')
  const encode = async (text: string): Promise<EncodedMessage> =>
    contract === undefined
      ? plainMessage(text, { exchange, routingKey, options })
      : await typedMessage(contract, routingKey, text, options)
  await using session = await context.session(options)
  const place = `'${exchange}' with '${routingKey}'${contract === undefined ? ', without a contract' : ''}`
  session.announce(`${options.dryRun ? 'would publish' : 'publishes'} to ${place}`)
  const rabbit = options.dryRun ? undefined : await session.connect()
  const { published, unrouted } = await publishAll(context, source, {
    encode,
    send: async (message) => await sent(rabbit, message),
  })
  const answer = { published, unrouted, dryRun: options.dryRun ?? false, interrupted: context.signal.aborted }
  await context.answer(options, answer, async () => {
    const noQueue = unrouted === 0 ? '' : `; no queue took ${unrouted} of them`
    await context.terminal.print(`${options.dryRun ? 'would publish' : 'published'} ${published}${noQueue}`)
  })
  return unrouted === 0 ? EXIT.done : EXIT.found
}

const MOST_UNDER_WAY = 100

interface Steps {
  readonly encode: (text: string) => Promise<EncodedMessage>
  /** Sends a message, and resolves with whether a queue took it. */
  readonly send: (message: EncodedMessage) => Promise<boolean>
}

/** Publishes texts one after the other. They are stored in the order of the calls, so none waits for a confirm. */
async function publishAll(context: Context, source: Source, { encode, send }: Steps) {
  const progress = new Progress(context.terminal, 'publish')
  const underWay = new Set<Promise<boolean>>()
  let [published, unrouted] = [0, 0]
  const texts = source.text === undefined ? (source.lines?.() ?? []) : [source.text]
  try {
    for await (const text of texts) {
      if (context.signal.aborted) break
      const sending = send(await encode(text))
      // A failure is reported when the promise is awaited.
      sending.catch(() => undefined)
      underWay.add(sending)
      published += 1
      progress.show(published, undefined)
      if (underWay.size === MOST_UNDER_WAY) unrouted += await unroutedOf(underWay)
    }
    unrouted += await unroutedOf(underWay)
    return { published, unrouted }
  } catch (error) {
    const settled = await Promise.allSettled(underWay)
    const failed = settled.filter(({ status }) => status === 'rejected').length
    if (source.text === undefined) context.terminal.say(`published ${published - failed}, then:`)
    throw error
  } finally {
    progress.clear()
  }
}

/** Waits for the open publishes. @returns how many messages no queue took */
async function unroutedOf(underWay: Set<Promise<boolean>>): Promise<number> {
  const all = await Promise.all(underWay)
  underWay.clear()
  return all.filter((isRouted) => !isRouted).length
}

/** @returns whether a queue took the message, as far as is known */
async function sent(rabbit: Connection | undefined, message: EncodedMessage): Promise<boolean> {
  if (rabbit === undefined) return true
  const { routed } = await sendEncoded(rabbit, { ...message, mandatory: false })
  return routed !== false
}

interface Plain {
  readonly exchange: string
  readonly routingKey: string
  readonly options: PublishCommandOptions
}

function plainMessage(text: string, { exchange, routingKey, options }: Plain): EncodedMessage {
  const { header, messageId = randomUUID() } = options
  const properties = {
    messageId,
    contentType: contentTypeOf(text),
    deliveryMode: 2,
    ...(header === undefined ? {} : { headers: header }),
  }
  return { exchange, routingKey, content: Buffer.from(text), properties, mandatory: false }
}

/** The signature of `encodeMessage` without its overloads, which need the type of the exchange at compile time. */
type EncodeAny = (contract: Exchange, ...given: unknown[]) => Promise<EncodedMessage>

async function typedMessage(
  contract: Exchange,
  routingKey: string,
  text: string,
  { header, messageId }: PublishCommandOptions,
): Promise<EncodedMessage> {
  const encode = encodeMessage as EncodeAny
  const payload = payloadOf(text, contract.codec)
  const options = { headers: header, messageId }
  if (contract.type === 'fanout') return await encode(contract, payload, options)
  if (contract.type === 'headers') return await encode(contract, header ?? {}, payload, { messageId })
  return await encode(contract, routingKey, payload, options)
}
