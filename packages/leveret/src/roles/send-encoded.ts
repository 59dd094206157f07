import { z } from 'zod'
import { isThenable } from '../async/maybe-promise.js'
import { atMost } from '../async/timing.js'
import { Closing } from '../connection/closing.js'
import { type Connection, internalsOf } from '../connection/connection.js'
import { givenAs } from '../errors/given.js'
import { OptionsError } from '../errors/options-error.js'
import { reservedHeadersProblem } from '../headers/broker-headers.js'
import { headersProblem } from '../message/amqp-table.js'
import { namesProblem, shortString } from '../message/short-string.js'
import { parseOptions } from '../options.js'
import { routingKeys, type SendingOptions, sendingOptions } from '../publishing/compose.js'
import type { EncodedMessage } from '../publishing/encoded-message.js'
import type { Published } from '../publishing/engine/request.js'
import { Sender } from '../publishing/sender.js'

/** A `Buffer` after `JSON.stringify` and `JSON.parse`. */
export interface BufferAsJson {
  readonly type: 'Buffer'
  readonly data: readonly number[]
}

/** An encoded message, in one of the forms that it may have after it was stored. */
export interface StoredMessage extends Omit<EncodedMessage, 'content'> {
  /** The bytes, or the same in base64, or a `Buffer` in the form that JSON gives it. */
  readonly content: Uint8Array | string | BufferAsJson
}

const bytes = z.array(z.int().min(0).max(255))

const storedContent = z.union(
  [
    z.instanceof(Uint8Array).transform((view) => Buffer.from(view.buffer, view.byteOffset, view.byteLength)),
    z.base64().transform((text) => Buffer.from(text, 'base64')),
    z.strictObject({ type: z.literal('Buffer'), data: bytes }).transform(({ data }) => Buffer.from(data)),
  ],
  { error: ({ input }) => `${instead(input)}: expected bytes, base64, or a Buffer as JSON writes it` },
)

/** Describes the wrong content without its value. */
function instead(content: unknown): string {
  if (content === undefined) return 'is missing'
  if (typeof content === 'string') return "is text but not base64: use Buffer.toString('base64')"
  return Object(content).type === 'Buffer' ? 'has data that are not bytes' : `is ${givenAs(content)}`
}

/** `encodeMessage` writes `leveret-contract`, `CC` and `BCC`, so these reserved headers are allowed. */
const storedHeaders = z.record(z.string(), z.unknown()).superRefine((headers, context) => {
  const { CC: cc = [], BCC: bcc = [], 'leveret-contract': _contract, ...others } = headers
  const keys = [cc, bcc].every((list) => routingKeys.safeParse(list).success)
    ? undefined
    : 'CC, BCC: expected routing keys'
  const problem = reservedHeadersProblem(others) ?? keys ?? headersProblem(headers) ?? namesProblem(headers)
  if (problem !== undefined) context.addIssue(problem)
})

const storedMessage = z.strictObject({
  exchange: shortString('an exchange name'),
  routingKey: shortString('a routing key'),
  content: storedContent,
  mandatory: z.boolean(),
  properties: z.strictObject({
    messageId: shortString('a message id').min(1),
    contentType: shortString('a content type').optional(),
    contentEncoding: shortString('a content encoding').optional(),
    headers: storedHeaders.optional(),
    deliveryMode: z.int().min(1).max(2).optional(),
    priority: z.int().min(0).max(255).optional(),
    correlationId: shortString('a correlation id').optional(),
    replyTo: shortString('a reply address').optional(),
    expiration: z
      .string()
      .regex(/^\d{1,10}$/, 'expected whole milliseconds')
      .optional(),
    timestamp: z.int().min(0).optional(),
    type: shortString('a type').optional(),
    userId: shortString('a user id').optional(),
    appId: shortString('an app id').optional(),
  }),
})

/** Options of {@link sendEncoded}. */
export interface SendEncodedOptions extends SendingOptions {}

/**
 * Sends a message that `encodeMessage` has made, perhaps in another process. Resolves when the broker has confirmed it.
 * Messages of one connection are stored in the order of the calls, and each passes through the interceptors.
 *
 * It declares nothing: the queue or exchange must exist. If it is called again after the outcome `unknown`, the message
 * may arrive twice, under one `messageId`.
 *
 * @throws {@link OptionsError} the argument is no encoded message; nothing was sent
 * @throws {@link PublishError} `outcome` says whether it may have been stored; `returned` when it is mandatory and no
 *   queue takes it
 * @throws {@link ClosedError} the connection was closed before anything was sent so; later that is a `PublishError`
 *   (`not-sent`), whose `cause` is the `ClosedError`
 */
export async function sendEncoded(
  rabbit: Connection,
  message: StoredMessage,
  options: SendEncodedOptions = {},
): Promise<Published> {
  const sender = senderOf(rabbit)
  checkPlace(message)
  const checked = parseOptions(sendingOptions, options, 'sendEncoded')
  const { exchange, routingKey, content, properties, mandatory } = parseOptions(storedMessage, message, 'sendEncoded')
  const { messageId } = properties
  let routed: boolean | undefined = true
  const whenReturned = (isSure: boolean): void => {
    routed = isSure ? false : undefined
  }
  const telling = mandatory ? {} : { whenReturned }
  const route = {
    exchange,
    routingKey,
    topology: NOTHING_TO_DECLARE,
    mandatory: true,
    destination: destinationOf(exchange, routingKey),
    ...telling,
  }
  // The same id may be on its way already.
  await sender.sendEncoded(content, properties, { route, options: { ...checked, messageId } })
  return { messageId, routed }
}

/** @throws {@link OptionsError} it is nothing that could be a message */
function checkPlace(message: unknown): void {
  const isPlain = typeof message === 'object' && message !== null && !Array.isArray(message)
  if (isPlain && !isThenable(message)) return
  const next = typeof message === 'string' ? '. Read a stored one with JSON.parse()' : ''
  throw new OptionsError(
    `sendEncoded: the message is ${givenAs(message)}: expected the message that encodeMessage() resolves with${next}`,
  )
}

/** Names a destination, never by a name that the broker has chosen, or by a routing key. */
function destinationOf(exchange: string, queue: string): string {
  if (exchange !== '') return exchange
  return queue.startsWith('amq.') ? 'amq.*' : queue
}

const NOTHING_TO_DECLARE = [] as const

const senders = new WeakMap<Connection, Sender>()

/** Finds the sender of a connection. When the connection closes, it waits for the messages of this sender. */
function senderOf(rabbit: Connection): Sender {
  const known = senders.get(rabbit)
  if (known !== undefined) return known
  const closing = new Closing()
  const sender = new Sender(rabbit, 'relay', { name: 'sendEncoded' }, closing)
  const end = async (timeoutMs: number): Promise<void> => await atMost(timeoutMs, sender.whenIdle())
  internalsOf(rabbit).register({
    stage: 'producer',
    close: async (timeoutMs) => await closing.begin({ timeoutMs }, end),
  })
  senders.set(rabbit, sender)
  return sender
}
