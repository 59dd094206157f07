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

/** Checks headers of the user. Those that leveret or RabbitMQ itself writes or acts on are refused. */
export const userHeaders = z.record(z.string(), z.unknown()).superRefine(checkHeaders)

function checkHeaders(headers: Headers, context: z.RefinementCtx): void {
  const problem = reservedHeadersProblem(headers) ?? headersProblem(headers) ?? namesProblem(headers)
  if (problem !== undefined) context.addIssue(problem)
}

/** Checks further routing keys. A header carries them all, and must fit into one frame with the other properties. */
export const routingKeys = z.array(shortString('a routing key')).max(100)

/** Options of sending one message. */
export interface SendingOptions {
  /**
   * Whether to reject as `not-sent` instead of waiting for a connection, for the end of an alarm, or for room among the
   * unconfirmed messages.
   * @defaultValue false
   */
  readonly failFast?: boolean | undefined
  /**
   * How long this publish may take, in milliseconds, from 1 to 2,147,483,647.
   * @defaultValue the connection's `publishTimeoutMs`
   */
  readonly timeoutMs?: number | undefined
  /**
   * Cancels the publish when aborted. It then fails as `not-sent` before the message was written, and as `unknown`
   * afterwards.
   */
  readonly signal?: AbortSignal | undefined
}

/** Options for the properties of one message. Names and ids have at most 255 bytes of UTF-8. */
export interface PropertyOptions {
  /**
   * Id of the message, at least one character. Every copy of the message keeps it, and receivers recognize duplicates
   * by it.
   * @defaultValue a new UUIDv7
   */
  readonly messageId?: string | undefined
  /** Id of the message or conversation that this message belongs to, for the receiver. @defaultValue none */
  readonly correlationId?: string | undefined
  /**
   * Headers for the receiver. Refused are names that begin with `leveret-`, and those that RabbitMQ itself writes or
   * acts on, such as `x-death`. Other names that begin with `x-` are allowed. A `bigint` is written as 64 bits.
   * @defaultValue none
   */
  readonly headers?: Headers | undefined
  /**
   * Kind of the message, for other programs. leveret itself identifies messages by queue and routing key.
   * @defaultValue none
   */
  readonly type?: string | undefined
  /** Name of the program that sends the message. @defaultValue none */
  readonly appId?: string | undefined
  /** Queue for an answer, for other programs; `RpcClient` sets its own. @defaultValue none */
  readonly replyTo?: string | undefined
  /**
   * User that sends the message. RabbitMQ checks it: if it is not the user of this connection, the broker closes the
   * channel and the send is refused, unless the connection's user has the tag `impersonator`.
   * @see https://www.rabbitmq.com/docs/validated-user-id
   * @defaultValue none
   */
  readonly userId?: string | undefined
  /**
   * Whether a classic queue keeps the message over a restart of the broker. Quorum queues and streams keep every
   * message.
   * @defaultValue true
   */
  readonly persistent?: boolean | undefined
  /**
   * Content type that is more precise than the codec's. The contract's own receivers must be able to read it.
   * @defaultValue the codec's
   */
  readonly contentType?: string | undefined
  /** Content encoding, if it is not the codec's. @defaultValue the codec's, or none */
  readonly contentEncoding?: string | undefined
  /**
   * Further routing keys: the message also goes to queues that are bound with these. Receivers see them in the header
   * `CC`. Up to 100.
   *
   * A message counts as taken if any of its keys brings it to a queue. So if a task has further keys, the sender does
   * not learn that the task's own queue was deleted meanwhile. To learn that, send those messages separately.
   * @defaultValue none
   */
  readonly cc?: readonly string[] | undefined
  /**
   * Further routing keys that receivers do not see. Up to 100.
   * @see https://www.rabbitmq.com/docs/sender-selected
   * @defaultValue none
   */
  readonly bcc?: readonly string[] | undefined
  /**
   * Priority from 0 to 255. It counts on a classic queue with `maxPriority`, and on quorum queues as normal (≤ 4) or
   * high.
   * @defaultValue none
   */
  readonly priority?: number | undefined
  /**
   * How long the message may wait in a queue, in milliseconds, from 0 to 2,147,483,647. After that the broker drops it,
   * or dead-letters it if the queue says so.
   * @defaultValue without end
   */
  readonly expirationMs?: number | undefined
}

/** Options of one message: its properties and its sending. */
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
 * Composes the properties of a message.
 *
 * @throws {@link OptionsError} if the contract's own receivers would refuse the content type or encoding
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
  const { type, appId, replyTo, userId, contentType, contentEncoding = codec.contentEncoding, cc, bcc } = options
  const texts = type ?? appId ?? replyTo ?? userId ?? contentType ?? contentEncoding
  if (texts === undefined && cc === undefined && bcc === undefined) return usual
  return { ...usual, ...unusual(codec, options, usual.headers) }
}

/** Returns the properties that few messages have. */
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
      `send: the contract's codec cannot read the content type ${given}, so its receivers would refuse the message`,
    )
  }
  const routing = { ...(cc === undefined ? {} : { CC: cc }), ...(bcc === undefined ? {} : { BCC: bcc }) }
  const all = cc === undefined && bcc === undefined ? headers : { ...headers, ...routing }
  return { contentType, contentEncoding, type, appId, replyTo, userId, headers: all }
}
