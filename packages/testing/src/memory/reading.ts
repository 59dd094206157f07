import type { Message } from '@leveret/memory-broker'
import type {
  AnySchema,
  ContentCodec,
  ExchangeContract,
  OutputOf,
  QueueContract,
  RoutedContract,
  SentEvent,
} from './contracts.js'
import { templateOf } from './template-of.js'

/** A message that does not fit its contract. */
export class UnfitMessageError extends Error {
  override readonly name = 'UnfitMessageError'
}

/** The codec and the schema that read the payload of a message. */
interface PayloadReader {
  /** The name that an error shows. */
  readonly name: string
  readonly codec: ContentCodec
  readonly payload: AnySchema
}

/**
 * Decodes a task and checks it, as a worker does.
 *
 * @throws {@link UnfitMessageError} as a rejection, if the message does not fit its contract
 */
export async function readTask<C extends QueueContract>(
  contract: C,
  message: Message,
): Promise<OutputOf<C['payload']>> {
  return await readPayload(contract, message)
}

/**
 * Decodes an event and checks it, as a subscriber does.
 *
 * @param routingKey - the key under which it was published
 * @throws {@link UnfitMessageError} as a rejection, if it does not fit its contract, or no template has its routing key
 */
export async function readEvent<E extends ExchangeContract>(
  exchange: E,
  message: Message,
  routingKey = textOf(message.routingKey),
): Promise<SentEvent<E>> {
  // Each branch returns the type that such an exchange has.
  return (await readAnyEvent(exchange, message, routingKey)) as SentEvent<E>
}

/** Returns the name of a queue or an exchange as the broker in memory stores it: one character for each byte. */
export function byteTextOf(name: string): string {
  return Buffer.from(name).toString('latin1')
}

/** Reverses {@link byteTextOf}. */
function textOf(name: string): string {
  return Buffer.from(name, 'latin1').toString()
}

async function readAnyEvent(exchange: ExchangeContract, message: Message, routingKey: string): Promise<unknown> {
  if ('templates' in exchange) {
    const { template, ...reader } = readerOf(exchange, routingKey)
    return { template, routingKey, payload: await readPayload(reader, message) }
  }
  const payload = await readPayload(exchange, message)
  if (!('headers' in exchange)) return { routingKey, payload }
  const headers = await checked(exchange.name, exchange.headers, message.headers.toObject())
  return { routingKey, headers, payload }
}

function readerOf({ name, type, codec, templates }: RoutedContract, routingKey: string) {
  const template = templateOf(type, Object.keys(templates), routingKey)
  const payload = template === undefined ? undefined : templates[template]
  if (template === undefined || payload === undefined)
    throw new UnfitMessageError(`No template of the exchange '${name}' has the routing key '${routingKey}'`)
  return { template, name: `${name} (${template})`, codec, payload }
}

async function readPayload({ name, codec, payload }: PayloadReader, message: Message): Promise<unknown> {
  const decoded = await decode(name, () => codec.decode(message.body, message.properties))
  return await checked(name, payload, decoded)
}

async function checked(name: string, schema: AnySchema, given: unknown): Promise<unknown> {
  const { value, issues } = await schema['~standard'].validate(given)
  if (issues === undefined) return value
  const lines = issues.map(({ message: text, path = [] }) => [...path.map(wordOf), text].join(': '))
  throw new UnfitMessageError(`A message for '${name}' does not fit its contract: ${lines.join('; ')}`)
}

async function decode(name: string, act: () => unknown): Promise<unknown> {
  try {
    return await act()
  } catch (cause) {
    throw new UnfitMessageError(`A message for '${name}' cannot be decoded`, { cause })
  }
}

function wordOf(step: unknown): string {
  return typeof step === 'object' && step !== null && 'key' in step ? String(step.key) : String(step)
}
