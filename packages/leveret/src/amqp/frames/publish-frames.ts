import { holdsRaw, RawField } from '../../message/field-table.js'
import type { Headers, MessageProperties, OutgoingMessage } from '../../message/message.js'
import { BODY_FRAME, FRAME_BYTES, FRAME_END, FRAME_HEAD_BYTES } from './frame-format.js'
import { FrameOpening } from './frame-opening.js'
import { FrameWriter } from './frame-writer.js'
import type { SocketBatcher } from './socket-batcher.js'

const END = Buffer.from([FRAME_END])
const MAX_SHORT = 255
const MAX_OCTET = 255
/** The largest message that is copied into one piece, and the most that the frames before a larger content may take. */
const MAX_BYTES = 16 * 1024
/** The most bytes of UTF-8 for one code unit of a text. */
const UNIT_BYTES = 3
/** Upper bound for the bytes of a message without its texts, headers and content. */
const REST_BYTES = 128
/** Upper bound for the bytes of a header without its texts. */
const HEADER_BYTES = 16

/** The parts of a message that are written. */
type Writable = Omit<OutgoingMessage, 'properties' | 'shrink'> & { readonly properties: MessageProperties }

/**
 * Writes messages of the usual form as the same frames that amqplib would write, at a fraction of the cost. The headers
 * of such messages are texts, counts or fields as received. A large content is not copied.
 *
 * @see https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf (sections 2.3.5 and 4.2)
 */
export class PublishFrames {
  readonly #wire: SocketBatcher
  readonly #channel: number
  readonly #frameMax: number
  readonly #maxBytes: number
  readonly #writer = new FrameWriter(Buffer.alloc(0), 0)
  /** The opening of the last message. */
  #opening: FrameOpening | undefined

  constructor(wire: SocketBatcher, channel: number, frameMax: number) {
    this.#wire = wire
    this.#channel = channel
    this.#frameMax = frameMax
    this.#maxBytes = Math.min(MAX_BYTES, frameMax)
  }

  /** @returns `false` if the message has another form, or the broker no longer reads; then nothing was written */
  write(message: OutgoingMessage): boolean {
    const { content } = message
    const most = mostBytes(message)
    const isLarge = most !== undefined && most > this.#maxBytes
    const ahead = isLarge ? most - content.length : most
    if (ahead === undefined || ahead > this.#maxBytes || !this.#wire.isOpen) return false
    const { bytes, offset } = this.#wire.room(ahead)
    const writer = this.#writer
    writer.bytes = bytes
    writer.at = offset
    this.#writeHead(message)
    if (content.length > 0 && !isLarge) writer.body(this.#channel, content)
    this.#wire.keep(writer.at - offset)
    if (isLarge) this.#writeLarge(content)
    return true
  }

  /** Writes a content that is too large to be copied, in as many frames as it takes. */
  #writeLarge(content: Buffer): void {
    const mostInFrame = this.#frameMax - FRAME_BYTES
    for (let start = 0; start < content.length; start += mostInFrame) {
      const part = content.subarray(start, start + mostInFrame)
      const head = new FrameWriter(Buffer.allocUnsafe(FRAME_HEAD_BYTES), 0)
      head.beginFrame(BODY_FRAME, this.#channel, part.length)
      this.#wire.write(head.bytes)
      this.#wire.write(part)
      this.#wire.write(END)
    }
  }

  /**
   * Writes a message of any size that has headers as received, which amqplib could not write.
   *
   * @param properties - replace the message's own
   * @returns `false` if it has no such headers, or a part that {@link write} cannot encode
   */
  writeFields({ exchange, routingKey, mandatory, content }: OutgoingMessage, properties: MessageProperties): boolean {
    const message = { exchange, routingKey, mandatory, content, properties }
    const most = holdsRaw(properties.headers) ? mostBytes(message) : undefined
    if (most === undefined || !this.#wire.isOpen) return false
    const mostInFrame = this.#frameMax - FRAME_BYTES
    const writer = this.#writer
    const bytes = Buffer.allocUnsafe(most + Math.ceil(content.length / mostInFrame) * FRAME_BYTES)
    writer.bytes = bytes
    writer.at = 0
    this.#writeHead(message)
    for (let start = 0; start < content.length; start += mostInFrame) {
      writer.body(this.#channel, content.subarray(start, start + mostInFrame))
    }
    this.#wire.write(bytes.subarray(0, writer.at))
    return true
  }

  /** Writes the method and the header frame. The properties follow the content type in the order of their bits. */
  #writeHead(message: Writable): void {
    const writer = this.#writer
    const { at: start } = writer
    if (this.#opening?.serves(message) !== true) this.#opening = new FrameOpening(this.#channel, message)
    const { bytes, lengthAt, contentLengthAt } = this.#opening
    writer.bytes.set(bytes, start)
    writer.at += bytes.length
    const { headers, deliveryMode, priority, correlationId, replyTo, expiration, messageId } = message.properties
    const { contentEncoding, timestamp, type, userId, appId } = message.properties
    if (contentEncoding !== undefined) writer.shortText(contentEncoding)
    if (headers === undefined) writer.long(0)
    else writer.table(headers)
    if (deliveryMode !== undefined) {
      writer.bytes[writer.at] = deliveryMode
      writer.at += 1
    }
    if (priority !== undefined) writer.octet(priority)
    if (correlationId !== undefined) writer.shortText(correlationId)
    if (replyTo !== undefined) writer.shortText(replyTo)
    if (expiration !== undefined) writer.shortText(expiration)
    if (messageId !== undefined) writer.shortText(messageId)
    if (timestamp !== undefined) writer.longLong(timestamp)
    if (type !== undefined) writer.shortText(type)
    if (userId !== undefined) writer.shortText(userId)
    if (appId !== undefined) writer.shortText(appId)
    writer.bytes.writeUInt32BE(writer.at - start - lengthAt - 4, start + lengthAt)
    writer.bytes.writeUInt32BE(message.content.length, start + contentLengthAt)
    writer.bytes[writer.at] = FRAME_END
    writer.at += 1
  }
}

/** @returns the most bytes that the message may take; `undefined` if it is not of the usual form */
function mostBytes({ exchange, routingKey, content, properties }: Writable): number | undefined {
  const { contentType, contentEncoding, correlationId, replyTo, expiration, messageId, headers } = properties
  const { type, userId, appId, deliveryMode = 0, priority = 0, timestamp = 0 } = properties
  const areNumbers = Number.isInteger(deliveryMode) && Number.isInteger(priority) && Number.isSafeInteger(timestamp)
  if (!areNumbers || deliveryMode < 0 || priority < 0 || timestamp < 0) return undefined
  if (deliveryMode > MAX_OCTET || priority > MAX_OCTET) return undefined
  const units =
    exchange.length +
    routingKey.length +
    (contentType?.length ?? 0) +
    (contentEncoding?.length ?? 0) +
    (correlationId?.length ?? 0) +
    (replyTo?.length ?? 0) +
    (expiration?.length ?? 0) +
    (messageId?.length ?? 0) +
    (type?.length ?? 0) +
    (userId?.length ?? 0) +
    (appId?.length ?? 0)
  // No text can be too long if all of them together are not.
  if (units * UNIT_BYTES > MAX_SHORT && hasLongText(exchange, routingKey, properties)) return undefined
  const most = REST_BYTES + units * UNIT_BYTES + (headers === undefined ? 0 : mostOfTable(headers)) + content.length
  return Number.isNaN(most) ? undefined : most
}

/** Whether one of the texts has more than 255 bytes. */
function hasLongText(exchange: string, routingKey: string, properties: MessageProperties): boolean {
  const { contentType, contentEncoding, correlationId, replyTo, expiration, messageId } = properties
  const { type, userId, appId } = properties
  return (
    isLong(exchange) ||
    isLong(routingKey) ||
    isLong(contentType) ||
    isLong(contentEncoding) ||
    isLong(correlationId) ||
    isLong(replyTo) ||
    isLong(expiration) ||
    isLong(messageId) ||
    isLong(type) ||
    isLong(userId) ||
    isLong(appId)
  )
}

function isLong(text: string | undefined): boolean {
  return text !== undefined && text.length * UNIT_BYTES > MAX_SHORT && Buffer.byteLength(text) > MAX_SHORT
}

/**
 * Returns the most bytes that the headers may take; `NaN` if they hold anything but texts, whole numbers from 0,
 * booleans, nulls and fields as received.
 */
function mostOfTable(headers: Headers): number {
  let most = 0
  for (const name of Object.keys(headers)) {
    most += (isLong(name) ? Number.NaN : name.length * UNIT_BYTES) + HEADER_BYTES + mostOfValue(headers[name])
  }
  return most
}

function mostOfValue(value: unknown): number {
  if (typeof value === 'string') return value.length * UNIT_BYTES
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? 0 : Number.NaN
  if (value instanceof RawField) return value.bytes.length
  return value === null || typeof value === 'boolean' ? 0 : Number.NaN
}
