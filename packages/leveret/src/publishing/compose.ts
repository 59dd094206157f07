import { z } from 'zod'
import { MAX_TIMER_MS } from '../async/timing.js'
import { type Codec, encodesAs } from '../contract/payloads/codec.js'
import { OptionsError } from '../errors/options-error.js'
import { reservedHeadersProblem } from '../headers/broker-headers.js'
import { headersProblem } from '../message/amqp-table.js'
import type { Headers, MessageProperties } from '../message/message.js'
import { newMessageId } from '../message/message-id.js'
import { namesProblem, shortString } from '../message/short-string.js'
import { signalOption } from '../options.js'

/** Headers of a user's own, without those that leveret or RabbitMQ itself writes or acts on. */
export const userHeaders = z.record(z.string(), z.unknown()).superRefine(checkHeaders)

function checkHeaders(headers: Headers, context: z.RefinementCtx): void {
  const problem = reservedHeadersProblem(headers) ?? headersProblem(headers) ?? namesProblem(headers)
  if (problem !== undefined) context.addIssue(problem)
}

/** Further routing keys. Each takes a text of a header, which a frame has to hold with all others. */
export const routingKeys = z.array(shortString('a routing key')).max(100)

/** How one message is sent. */
export interface SendingOptions {
  /** Rejects as `not-sent` instead of waiting for a connection, an alarm to end, or room among the unconfirmed. @defaultValue false */
  readonly failFast?: boolean | undefined
  /** How long this publish may take, in milliseconds, from 1 to 2,147,483,647. @defaultValue the connection's `publishTimeoutMs` */
  readonly timeoutMs?: number | undefined
  /** Gives the publish up: `not-sent` before it was handed over, `unknown` afterwards. */
  readonly signal?: AbortSignal | undefined
}

/** What a sender may say of the properties of one message. Names and ids have at most 255 bytes of UTF-8. */
export interface PropertyOptions {
  /** The same on every copy of the message; receivers tell duplicates by it. At least one character. @defaultValue a new UUIDv7 */
  readonly messageId?: string | undefined
  /** Which message or conversation this one belongs to, for the receiver. @defaultValue none */
  readonly correlationId?: string | undefined
  /**
   * For the receiver. Names that begin with `leveret-` are refused, and those that RabbitMQ itself writes or acts on, as `x-death`; other
   * names that begin with `x-` are not. A `bigint` is written as 64 bits. @defaultValue none
   */
  readonly headers?: Headers | undefined
  /** What kind of message it is, for other programs: leveret tells its own apart by queue and routing key. @defaultValue none */
  readonly type?: string | undefined
  /** Which program has sent it. @defaultValue none */
  readonly appId?: string | undefined
  /** Where an answer is to go, for other programs; `RpcClient` sets its own. @defaultValue none */
  readonly replyTo?: string | undefined
  /**
   * Who has sent it. RabbitMQ checks it: one that is not the user of this connection closes the channel, and the send is refused, unless that
   * user has the tag `impersonator`. @see https://www.rabbitmq.com/docs/validated-user-id @defaultValue none
   */
  readonly userId?: string | undefined
  /** Whether a classic queue keeps it over a restart of the broker. Quorum queues and streams keep every message. @defaultValue true */
  readonly persistent?: boolean | undefined
  /** A more precise content type than the codec's, which the contract's own receivers read too. @defaultValue the codec's */
  readonly contentType?: string | undefined
  /** Says how the content is encoded, as the codec writes it. @defaultValue the codec's, or none */
  readonly contentEncoding?: string | undefined
  /**
   * Further routing keys: the message goes to what is bound with these too. Receivers see them in the header `CC`. Up to 100.
   *
   * A message counts as taken when any of its keys brings it to a queue. So where a task has further keys, nobody is told that its own queue
   * has been deleted meanwhile; to know that, send those messages by themselves. @defaultValue none
   */
  readonly cc?: readonly string[] | undefined
  /** The same, and no receiver sees them. Up to 100. @see https://www.rabbitmq.com/docs/sender-selected @defaultValue none */
  readonly bcc?: readonly string[] | undefined
  /** From 0 to 255; counts on a classic queue with `maxPriority`, and on quorum queues as normal (≤ 4) or high. @defaultValue none */
  readonly priority?: number | undefined
  /**
   * How long it may wait in a queue, in milliseconds, from 0 to 2,147,483,647. Then the broker drops it, or dead-letters it where the queue says so.
   * @defaultValue for ever
   */
  readonly expirationMs?: number | undefined
}

/** What a sender may say of one message. */
export interface MessageOptions extends PropertyOptions, SendingOptions {}

/** Checks {@link PropertyOptions}. */
export const propertyOptions = z.strictObject({
  messageId: shortString('a message id').min(1).optional(),
  correlationId: shortString('a correlation id').optional(),
  headers: userHeaders.optional(),
  type: shortString('a type').optional(),
  appId: shortString('an app id').optional(),
  replyTo: shortString('a reply address').optional(),
  userId: shortString('a user id').optional(),
  persistent: z.boolean().default(true),
  contentType: shortString('a content type').min(1).optional(),
  contentEncoding: shortString('a content encoding').min(1).optional(),
  cc: routingKeys.optional(),
  bcc: routingKeys.optional(),
  priority: z.int().min(0).max(255).optional(),
  expirationMs: z.int().min(0).max(MAX_TIMER_MS).optional(),
})

/** Checks {@link SendingOptions}. */
export const sendingOptions = z.strictObject({
  failFast: z.boolean().default(false),
  timeoutMs: z.int().min(1).max(MAX_TIMER_MS).optional(),
  signal: signalOption.optional(),
})

/** Checks {@link MessageOptions}. */
export const messageOptions = propertyOptions.extend(sendingOptions.shape)

/**
 * The properties of a message of ours.
 *
 * @throws {@link OptionsError} the contract's own receivers would refuse the content type or encoding
 */
export function composeProperties(
  codec: Codec,
  contract: string | undefined,
  options: MessageOptions,
): MessageProperties & { readonly messageId: string } {
  const { messageId, correlationId, headers, priority, expirationMs, persistent } = options
  const usual = {
    contentType: codec.contentType,
    deliveryMode: persistent === false ? 1 : 2,
    messageId: messageId ?? newMessageId(),
    timestamp: Math.floor(Date.now() / 1_000),
    headers: contract === undefined ? headers : { ...headers, 'leveret-contract': contract },
    correlationId,
    priority,
    expiration: expirationMs === undefined ? undefined : String(expirationMs),
  }
  return isUsual(codec, options) ? usual : { ...usual, ...unusual(codec, options, usual.headers) }
}

function isUsual({ contentEncoding: own }: Codec, options: MessageOptions): boolean {
  const { type, appId, replyTo, userId, contentType, contentEncoding, cc, bcc } = options
  const texts = type ?? appId ?? replyTo ?? userId ?? contentType ?? contentEncoding ?? own
  return texts === undefined && cc === undefined && bcc === undefined
}

/** What few messages say. */
function unusual(
  codec: Codec,
  options: MessageOptions,
  headers: Headers | undefined,
): Omit<MessageProperties, 'messageId'> {
  const { type, appId, replyTo, userId, cc, bcc } = options
  const { contentType = codec.contentType, contentEncoding = codec.contentEncoding } = options
  if (!encodesAs(codec, { contentType, contentEncoding })) {
    const given = [contentType, ...(contentEncoding === undefined ? [] : [contentEncoding])].join(', ')
    throw new OptionsError(
      `send: the contract's codec reads no content of the type ${given}: its own receivers would refuse the message`,
    )
  }
  const routing = { ...(cc === undefined ? {} : { CC: cc }), ...(bcc === undefined ? {} : { BCC: bcc }) }
  const all = cc === undefined && bcc === undefined ? headers : { ...headers, ...routing }
  return { contentType, contentEncoding, type, appId, replyTo, userId, headers: all }
}
