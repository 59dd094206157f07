import { z } from 'zod'
import { MAX_TIMER_MS } from '../async/timing.js'
import type { InputFor, RoutedExchange } from '../contract/exchanges/event-types.js'
import type { Exchange, FanoutExchange, HeadersExchange, PluginExchange } from '../contract/exchanges/exchange.js'
import { templateContractsOf } from '../contract/exchanges/template-contracts.js'
import { encodePayload, type PayloadContract } from '../contract/payloads/payload.js'
import type { Schema, SchemaInput } from '../contract/payloads/schema.js'
import type { WorkQueue } from '../contract/queues/work-queue.js'
import { OptionsError } from '../errors/options-error.js'
import type { Headers, MessageProperties } from '../message/message.js'
import { newMessageId } from '../message/message-id.js'
import { parseOptions, signalOption } from '../options.js'
import { composeProperties, type PropertyOptions, propertyOptions, type SendingOptions } from './compose.js'
import { anyRoutingKey, checkCopyKeys, readHeaders } from './event-parts.js'
import { encodedInTime } from './given-up.js'
import { contractHeaderOf } from './sender.js'

/** Properties of an encoded message, with AMQP's names and values. Properties without a value are left out. */
export interface EncodedProperties {
  readonly messageId: string
  readonly contentType?: string
  readonly contentEncoding?: string
  readonly headers?: Headers
  /** 2 for a persistent message. */
  readonly deliveryMode?: number
  readonly priority?: number
  readonly correlationId?: string
  readonly replyTo?: string
  /** Milliseconds, as a text. */
  readonly expiration?: string
  /** Whole seconds since 1970. */
  readonly timestamp?: number
  readonly type?: string
  readonly userId?: string
  readonly appId?: string
}

/**
 * A message that was checked and encoded, but not sent. It is plain data: store it with other data in one transaction,
 * and send it later with `sendEncoded`, or with any other client.
 *
 * It survives JSON: `JSON.stringify` writes the content as Node.js writes a `Buffer`, and `sendEncoded` reads that.
 * Bytes, or `content.toString('base64')`, are shorter, and `sendEncoded` reads them too. JSON carries no header that is
 * a `Buffer` or a `bigint`.
 */
export interface EncodedMessage {
  /** Name of the exchange. `''` is the default exchange: it routes to the queue named by the routing key. */
  readonly exchange: string
  readonly routingKey: string
  readonly content: Buffer
  readonly properties: EncodedProperties
  /** Whether it is an error if no queue takes the message. */
  readonly mandatory: boolean
}

/** Options of {@link encodeMessage}. */
export interface EncodeOptions extends PropertyOptions, Pick<SendingOptions, 'signal'> {
  /**
   * How long an asynchronous schema and codec may take, in milliseconds, from 1 to 2,147,483,647. Then the call rejects
   * with a `PublishError` (`not-sent`, `retryable`). @defaultValue 30_000
   */
  readonly timeoutMs?: number | undefined
  /** Whether it is an error if no queue takes the message. For a task it always is. @defaultValue false for events */
  readonly mandatory?: boolean | undefined
}

/** Checks {@link EncodeOptions}. */
export const encodeOptions = propertyOptions.extend({
  mandatory: z.boolean().optional(),
  timeoutMs: z.int().min(1).max(MAX_TIMER_MS).default(30_000),
  signal: signalOption.optional(),
})

/** The arguments of {@link encodeMessage}, in one form. */
interface Asked {
  readonly contract: PayloadContract
  readonly payload: unknown
  readonly exchange: string
  readonly routingKey: string
  readonly options: unknown
  /** Returns the checked headers of an event for a headers exchange. */
  readonly headers?: () => Promise<Headers>
}

/**
 * Checks a message and encodes it, as `Producer.send` or `Publisher.publish` would, but sends nothing: for outboxes,
 * schedulers and tools.
 *
 * The arguments are the same: `(queue, payload)`; `(exchange, routingKey, payload)` for a direct exchange, a topic
 * exchange or one of a plugin; `(exchange, headers, payload)` for a headers exchange; `(exchange, payload)` for a
 * fanout exchange. Options follow. The `messageId` is made here, so it stays the same however often the message is
 * sent.
 *
 * @throws {@link PayloadError} if the schema refuses the payload or the headers
 * @throws {@link PublishError} `not-sent`: if the schema or codec did not answer within `timeoutMs`, or the signal was
 *   aborted
 * @throws {@link OptionsError} if the routing key matches no template of the contract, or an option is wrong
 */
export function encodeMessage<S extends Schema>(
  queue: WorkQueue<S>,
  payload: SchemaInput<S>,
  options?: Omit<EncodeOptions, 'mandatory'>,
): Promise<EncodedMessage>
export function encodeMessage<const E extends RoutedExchange, const Key extends string>(
  exchange: E,
  routingKey: Key,
  payload: InputFor<E, Key>,
  options?: EncodeOptions,
): Promise<EncodedMessage>
export function encodeMessage<H extends Schema, S extends Schema>(
  exchange: HeadersExchange<string, H, S>,
  headers: SchemaInput<H>,
  payload: SchemaInput<S>,
  options?: EncodeOptions,
): Promise<EncodedMessage>
export function encodeMessage<S extends Schema>(
  exchange: PluginExchange<string, S>,
  routingKey: string,
  payload: SchemaInput<S>,
  options?: EncodeOptions,
): Promise<EncodedMessage>
export function encodeMessage<S extends Schema>(
  exchange: FanoutExchange<string, S>,
  payload: SchemaInput<S>,
  options?: EncodeOptions,
): Promise<EncodedMessage>
export async function encodeMessage(contract: WorkQueue | Exchange, ...given: unknown[]): Promise<EncodedMessage> {
  const asked = contract?.kind === 'work-queue' ? taskOf(contract, given) : eventOf(contract, given)
  const parsed = parseOptions(encodeOptions, asked.options ?? {}, 'encodeMessage')
  const { mandatory, timeoutMs, signal, messageId = newMessageId(), ...options } = parsed
  const { exchange, routingKey } = asked
  const subject = { exchange, routingKey, properties: { messageId } }
  const { content, more } = await encodedInTime(encodingOf(asked), subject, { timeoutMs, signal })
  const headers = more === undefined ? options.headers : { ...options.headers, ...more }
  const all = { ...options, messageId, headers }
  const properties = composeProperties(asked.contract.codec, contractHeaderOf(contract), all)
  return {
    exchange,
    routingKey,
    content,
    properties: withoutUndefined(properties),
    mandatory: mandatory ?? contract.kind === 'work-queue',
  }
}

async function encodingOf({
  contract,
  payload,
  headers,
}: Asked): Promise<{ readonly content: Buffer; readonly more: Headers | undefined }> {
  const more = await headers?.()
  return { content: await encodePayload(contract, payload), more }
}

function taskOf(contract: WorkQueue, [payload, options]: readonly unknown[]): Asked {
  return { contract, payload, exchange: '', routingKey: contract.name, options }
}

function eventOf(exchange: Exchange, given: readonly unknown[]): Asked {
  if (exchange?.kind !== 'exchange') {
    throw new OptionsError('encodeMessage: expected a contract made by workQueue() or one of the exchange functions')
  }
  const to = { exchange: exchange.name, routingKey: '' }
  const [first, second, third] = given
  if (exchange.type === 'fanout') return { ...to, contract: exchange, payload: first, options: second }
  if (exchange.type === 'headers') {
    const headers = (): Promise<Headers> => readHeaders(exchange, first, 'encodeMessage')
    return { ...to, contract: exchange, payload: second, options: third, headers }
  }
  const routingKey = first as string
  if (exchange.type !== 'direct' && exchange.type !== 'topic') {
    return {
      ...to,
      contract: exchange,
      payload: second,
      routingKey: anyRoutingKey(routingKey, 'encodeMessage'),
      options: third,
    }
  }
  const contracts = templateContractsOf(exchange)
  const contract = contracts.ofPublished(routingKey)
  checkCopyKeys(contracts, contract, Object(third), 'encodeMessage')
  return { ...to, contract, payload: second, routingKey, options: third }
}

function withoutUndefined(properties: MessageProperties & { readonly messageId: string }): EncodedProperties {
  const entries = Object.entries(properties).filter(([, value]) => value !== undefined)
  return { messageId: properties.messageId, ...Object.fromEntries(entries) }
}
