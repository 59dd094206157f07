import { once } from 'node:events'
import {
  bytes,
  type CodecOption,
  type Connection,
  type Delivery,
  type Exchange,
  Subscriber,
  topicExchange,
} from 'leveret'
import { z } from 'zod'
import type { Session } from '../broker/session.js'
import { findContract } from '../config/contracts.js'
import { acts, command, type Runner, withApp, withBroker, withJson } from '../program/command.js'
import type { CommonOptions, Context } from '../program/context.js'
import { EXIT, type ExitCode, UsageError } from '../program/exit.js'
import { wholeNumber } from '../program/parse.js'
import { type Seen, seenOf } from '../tailing/seen.js'
import { jsonLine } from '../terminal/json.js'
import { harmless, paint } from '../terminal/style.js'
import type { Terminal } from '../terminal/terminal.js'
import { cut } from '../terminal/width.js'

interface TailOptions extends CommonOptions {
  readonly limit?: number
}

/** `leveret tail <exchange> [binding key …]` */
export function tailCommand(runner: Runner) {
  const made = command(
    'tail <exchange> [binding-keys...]',
    'Shows the messages that are published to an exchange while it runs. With a contract it names the template of each message, and what does not fit. With --json it writes one message a line.',
    ["leveret tail log_lines '*.error' --limit 1", 'leveret tail log_lines --limit 1 --json'],
  )
  withJson(withApp(withBroker(made))).option('--limit <count>', 'end after so many messages', wholeNumber)
  return acts(made, runner, tail)
}

async function tail(
  context: Context,
  options: TailOptions,
  exchange: string,
  given: readonly string[],
): Promise<ExitCode> {
  const contract = findContract(await context.applications(options), exchange, 'exchange')
  await using session = await context.session(options)
  const bindingKeys = given.length > 0 ? given : await everything(session, exchange, contract)
  const enough = new AbortController()
  const ends = AbortSignal.any([context.signal, enough.signal])
  let count = 0
  const onSeen = async (seen: Seen): Promise<void> => {
    if (ends.aborted) return
    count += 1
    await (options.json ? context.terminal.print(jsonLine(seen)) : printSeen(context.terminal, seen))
    if (count === options.limit) enough.abort()
  }
  const subscriber = subscriberOf(await session.connect(), { exchange, bindingKeys, contract, onSeen })
  subscriber.on('gap', ({ durationMs }) =>
    context.terminal.say(
      `The connection was lost for ${Math.round(durationMs)} ms. Messages published in that time are not shown.`,
    ),
  )
  await subscriber.start()
  session.announce(`shows messages of '${exchange}' with ${bindingKeys.map((key) => `'${key}'`).join(', ')}`)
  if (!ends.aborted) await once(ends, 'abort')
  context.terminal.say(`${count} seen`)
  return context.signal.aborted ? EXIT.interrupted : EXIT.done
}

/** A codec that takes any content, so that messages that do not fit are shown too. */
const anyBytes = { ...bytes, accepts: ['*'] }
const anyContent: CodecOption = [
  anyBytes,
  ...['gzip', 'br', 'deflate', 'zstd'].map((contentEncoding) => ({ ...anyBytes, contentEncoding })),
]

interface Tailed {
  readonly exchange: string
  readonly bindingKeys: readonly string[]
  readonly contract: Exchange | undefined
  readonly onSeen: (seen: Seen) => Promise<void>
}

function subscriberOf(rabbit: Connection, { exchange, bindingKeys, contract, onSeen }: Tailed) {
  const whatever = topicExchange(exchange, { '#': z.instanceof(Buffer) }, { existing: true, codec: anyContent })
  const handler = async ({ payload, routingKey }: Bytes, delivery: Delivery): Promise<void> =>
    await onSeen(await seenOf(payload, routingKey, delivery, contract))
  return new Subscriber(rabbit, whatever, handler, { bindingKeys, concurrency: 1 })
}

interface Bytes {
  readonly payload: Buffer
  readonly routingKey: string
}

/**
 * Returns the binding keys that match everything. For a direct exchange, which has no such key, they are all known
 * keys.
 */
async function everything(
  { management, vhost }: Session,
  name: string,
  contract: Exchange | undefined,
): Promise<readonly string[]> {
  const isDirect = contract === undefined ? await isDirectAt() : contract.type === 'direct'
  if (!isDirect) return ['#']
  if (contract !== undefined && 'templates' in contract) return Object.keys(contract.templates)
  const keys = (await management.bindings(vhost))
    .filter(({ source }) => source === name)
    .map((binding) => binding.routing_key)
  if (keys.length > 0) return [...new Set(keys)]
  throw new UsageError(`'${name}' is a direct exchange: say which routing keys to show.`)

  async function isDirectAt(): Promise<boolean> {
    const exchanges = await management.exchanges(vhost).catch(() => [])
    return exchanges.some((one) => one.name === name && one.type === 'direct')
  }
}

async function printSeen(terminal: Terminal, seen: Seen): Promise<void> {
  const { routingKey, template, problems = [], at } = seen
  const kind = template === undefined ? '' : `  ${template ?? '(no template)'}`
  const head = `${at.slice(11, 23)}  ${harmless(routingKey + kind)}`
  const body = 'payload' in seen ? JSON.stringify(seen.payload) : `${seen.content} (base64)`
  await terminal.print(cut(`${head}  ${harmless(body)}`, terminal.columns))
  for (const { path, expected, found } of problems) {
    const line = `  does not fit at ${path || '(the value itself)'}: ${expected}${found === null ? '' : `; found ${JSON.stringify(found)}`}`
    await terminal.print(paint(terminal.hasColor, 'yellow', cut(harmless(line), terminal.columns)))
  }
}
