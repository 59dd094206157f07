import { z } from 'zod'
import { reservedHeadersProblem } from '../broker-headers.js'
import type { Headers, MessageProperties } from '../connection/message.js'
import { headersProblem } from '../connection/table.js'
import { type Codec, encodesAs } from '../contract/codec.js'
import { OptionsError } from '../errors.js'
import { newMessageId } from '../message-id.js'
import { MAX_TIMER_MS } from '../options.js'
import { namesProblem, shortString } from '../short-string.js'

/** Headers of a user's own, without those that leveret or RabbitMQ itself writes or acts on. */
export const userHeaders = z.record(z.string(), z.unknown()).superRefine(checkHeaders)

function checkHeaders(headers: Headers, context: z.RefinementCtx): void {
  const problem = reservedHeadersProblem(headers) ?? headersProblem(headers) ?? namesProblem(headers)
  if (problem !== undefined) context.addIssue(problem)
}

/** Further routing keys. Each takes a text of a header, which a frame has to hold with all others. */
export const routingKeys = z.array(shortString('a routing key')).max(100)

/** What a sender may say of one message. */
export const messageOptions = z.strictObject({
  /** The same on every copy of the message; receivers tell duplicates by it. @defaultValue a new UUIDv7 */
  messageId: shortString('a message id').min(1).optional(),
  correlationId: shortString('a correlation id').optional(),
  /**
   * For the receiver. Names that begin with `leveret-` are refused, and those that RabbitMQ itself writes or acts on, as `x-death`; other
   * names that begin with `x-` are not. A `bigint` is written as 64 bits.
   */
  headers: userHeaders.optional(),
  /** What kind of message it is, for other programs: leveret tells its own apart by queue and routing key. */
  type: shortString('a type').optional(),
  /** Which program has sent it. */
  appId: shortString('an app id').optional(),
  /** Where an answer is to go, for other programs; `RpcClient` sets its own. */
  replyTo: shortString('a reply address').optional(),
  /**
   * Who has sent it. RabbitMQ checks it: one that is not the user of this connection closes the channel, and the send is refused, unless that
   * user has the tag `impersonator`. @see https://www.rabbitmq.com/docs/validated-user-id
   */
  userId: shortString('a user id').optional(),
  /** Whether a classic queue keeps it over a restart of the broker. Quorum queues and streams keep every message. @defaultValue true */
  persistent: z.boolean().optional(),
  /** A more precise content type than the codec's, which the contract's own receivers read too. @defaultValue the codec's */
  contentType: shortString('a content type').min(1).optional(),
  /** Says how the content is encoded, as the codec writes it. @defaultValue the codec's, or none */
  contentEncoding: shortString('a content encoding').min(1).optional(),
  /** Further routing keys: the message goes to what is bound with these too. Receivers see them in the header `CC`. Up to 100. */
  cc: routingKeys.optional(),
  /** The same, and no receiver sees them. Up to 100. @see https://www.rabbitmq.com/docs/sender-selected */
  bcc: routingKeys.optional(),
  /** 0 to 255; counts on a classic queue with `maxPriority`, and on quorum queues as normal (≤ 4) or high. */
  priority: z.int().min(0).max(255).optional(),
  /** The broker drops or dead-letters it when it has waited this long. */
  expirationMs: z.int().min(0).max(MAX_TIMER_MS).optional(),
  /** Rejects as `not-sent` instead of waiting for a connection, an alarm to end, or room among the unconfirmed. */
  failFast: z.boolean().optional(),
  /** How long this publish may take. @defaultValue the connection's `publishTimeoutMs` */
  timeoutMs: z.int().min(1).max(MAX_TIMER_MS).optional(),
  /** Gives the publish up: `not-sent` before it was handed over, `unknown` afterwards. */
  signal: z.instanceof(AbortSignal).optional(),
})

/** What a sender says of one message, checked. */
export type MessageOptions = z.output<typeof messageOptions>

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
