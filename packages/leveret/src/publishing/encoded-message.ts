import { z } from 'zod'
import type { InputFor, RoutedExchange } from '../contract/exchanges/event-types.js'
import type { Exchange, FanoutExchange, HeadersExchange, PluginExchange } from '../contract/exchanges/exchange.js'
import { templateContractsOf } from '../contract/exchanges/template-contracts.js'
import { encodePayload, type PayloadContract } from '../contract/payloads/payload.js'
import type { Schema, SchemaInput } from '../contract/payloads/schema.js'
import type { WorkQueue } from '../contract/queues/work-queue.js'
import { OptionsError } from '../errors/options-error.js'
import type { Headers, MessageProperties } from '../message/message.js'
import { parseOptions } from '../options.js'
import { composeProperties, type PropertyOptions, propertyOptions } from './compose.js'
import { anyRoutingKey, checkCopyKeys, readHeaders } from './event-parts.js'
import { contractHeaderOf } from './sender.js'

/** The properties of an encoded message, with the names and values that AMQP has for them. Those that it has not are left out. */
export interface EncodedProperties {
  readonly messageId: string
  readonly contentType?: string
  readonly contentEncoding?: string
  readonly headers?: Headers
  /** 2 is persistent. */
  readonly deliveryMode?: number
  readonly priority?: number
  readonly correlationId?: string
  readonly replyTo?: string
  /** Milliseconds, as text. */
  readonly expiration?: string
  /** Whole seconds since 1970. */
  readonly timestamp?: number
  readonly type?: string
  readonly userId?: string
  readonly appId?: string
}

/**
 * A message that has been checked and encoded, and not been sent: plain data, to be stored with other data in one transaction, and sent
 * later with `sendEncoded`, or by any other client.
 *
 * It survives JSON: `JSON.stringify` writes the content as Node.js writes a `Buffer`, and `sendEncoded` reads that. Shorter are bytes, or
 * `content.toString('base64')`, which it reads too. Of headers JSON carries no `Buffer` and no `bigint`.
 */
export interface EncodedMessage {
  /** `''` is the default exchange: it routes to the queue named by the routing key. */
  readonly exchange: string
  readonly routingKey: string
  readonly content: Buffer
  readonly properties: EncodedProperties
  /** Whether it is an error when no queue takes it. */
  readonly mandatory: boolean
}

/** What may be said of one encoded message. */
export interface EncodeOptions extends PropertyOptions {
  /** Whether it is an error when no queue takes it. A task always is. @defaultValue false for events */
  readonly mandatory?: boolean | undefined
}

/** Checks {@link EncodeOptions}. */
export const encodeOptions = propertyOptions.extend({ mandatory: z.boolean().optional() })

/** A message as it was asked for. */
interface Asked {
  readonly contract: PayloadContract
  readonly payload: unknown
  readonly exchange: string
  readonly routingKey: string
  readonly options: unknown
  readonly headers?: Headers
}

/**
 * Checks a message and encodes it, as `Producer.send` or `Publisher.publish` would, and sends nothing: for outboxes, schedulers and tools.
 * It takes what those take: `(queue, payload)`, `(exchange, routingKey, payload)` for a direct or topic exchange, or one of a plugin, `(exchange, headers,
 * payload)` for a headers exchange, `(exchange, payload)` for a fanout exchange; then options.
 *
 * Its `messageId` is made here, so it stays the same however often the message is sent.
 *
 * @throws {@link PayloadError} the schema refuses the payload or the headers
 * @throws {@link OptionsError} the routing key matches no template of the contract, or an option is wrong
 */
export function encodeMessage<S extends Schema>(
  queue: WorkQueue<S>,
  payload: SchemaInput<S>,
  options?: PropertyOptions,
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
  const asked = contract?.kind === 'work-queue' ? taskOf(contract, given) : await eventOf(contract, given)
  const { mandatory, ...options } = parseOptions(encodeOptions, asked.options ?? {}, 'encodeMessage')
  const content = await encodePayload(asked.contract, asked.payload)
  const headers = asked.headers === undefined ? options.headers : { ...options.headers, ...asked.headers }
  const properties = composeProperties(asked.contract.codec, contractHeaderOf(contract), { ...options, headers })
  const { exchange, routingKey } = asked
  return {
    exchange,
    routingKey,
    content,
    properties: withoutUndefined(properties),
    mandatory: mandatory ?? contract.kind === 'work-queue',
  }
}

function taskOf(contract: WorkQueue, [payload, options]: readonly unknown[]): Asked {
  return { contract, payload, exchange: '', routingKey: contract.name, options }
}

async function eventOf(exchange: Exchange, given: readonly unknown[]): Promise<Asked> {
  if (exchange?.kind !== 'exchange') {
    throw new OptionsError(
      'encodeMessage: expected a contract that workQueue() or one of the exchange functions has made',
    )
  }
  const to = { exchange: exchange.name, routingKey: '' }
  const [first, second, third] = given
  if (exchange.type === 'fanout') return { ...to, contract: exchange, payload: first, options: second }
  if (exchange.type === 'headers') {
    const headers = await readHeaders(exchange, first, 'encodeMessage')
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
