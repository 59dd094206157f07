import type { MessageProperties, OutgoingMessage } from '../../message/message.js'
import { BASIC, FRAME_END, HEADER_FRAME, METHOD_FRAME } from './frame-format.js'
import { FrameWriter } from './frame-writer.js'

const PUBLISH = 40
/** Upper bound for the bytes of an opening without its texts. */
const REST_BYTES = 64

/** Bits that say which properties follow. */
const HAS = {
  contentType: 1 << 15,
  contentEncoding: 1 << 14,
  headers: 1 << 13,
  deliveryMode: 1 << 12,
  priority: 1 << 11,
  correlationId: 1 << 10,
  replyTo: 1 << 9,
  expiration: 1 << 8,
  messageId: 1 << 7,
  timestamp: 1 << 6,
  type: 1 << 5,
  userId: 1 << 4,
  appId: 1 << 3,
} as const

/** The parts of a message that the opening depends on. */
type Opened = Pick<OutgoingMessage, 'exchange' | 'routingKey' | 'mandatory'> & {
  readonly properties: MessageProperties
}

/**
 * The first bytes of a message's frames: the method, and the properties up to the content type. Most later messages
 * begin with the same bytes. Two lengths in them are filled in for each message.
 */
export class FrameOpening {
  readonly bytes: Buffer
  /** Offset of the header frame's length. */
  readonly lengthAt: number
  /** Offset of the content's length, of its lower half. */
  readonly contentLengthAt: number
  readonly #exchange: string
  readonly #routingKey: string
  readonly #mandatory: boolean
  readonly #contentType: string | undefined
  readonly #has: number

  constructor(channel: number, { exchange, routingKey, mandatory, properties }: Opened) {
    const { contentType } = properties
    this.#exchange = exchange
    this.#routingKey = routingKey
    this.#mandatory = mandatory
    this.#contentType = contentType
    this.#has = flagsOf(properties)
    const textBytes = Buffer.byteLength(exchange) + Buffer.byteLength(routingKey)
    this.bytes = Buffer.alloc(REST_BYTES + textBytes + Buffer.byteLength(contentType ?? ''))
    const writer = new FrameWriter(this.bytes, 0)
    writer.beginFrame(METHOD_FRAME, channel, 4 + 2 + 1 + 1 + textBytes + 1)
    writer.short(BASIC)
    writer.short(PUBLISH)
    writer.short(0)
    writer.shortText(exchange)
    writer.shortText(routingKey)
    writer.octet(mandatory ? 1 : 0)
    writer.octet(FRAME_END)
    this.lengthAt = writer.at + 3
    writer.beginFrame(HEADER_FRAME, channel, 0)
    writer.short(BASIC)
    writer.short(0)
    this.contentLengthAt = writer.at + 4
    writer.longLong(0)
    writer.short(this.#has)
    if (contentType !== undefined) writer.shortText(contentType)
    this.bytes = this.bytes.subarray(0, writer.at)
  }

  /** Whether another message begins with the same bytes. */
  serves({ exchange, routingKey, mandatory, properties }: Opened): boolean {
    return (
      routingKey === this.#routingKey &&
      exchange === this.#exchange &&
      mandatory === this.#mandatory &&
      properties.contentType === this.#contentType &&
      flagsOf(properties) === this.#has
    )
  }
}

/**
 * Returns the bits of the properties. The headers are always there, because amqplib writes them always and other
 * programs may expect them.
 */
function flagsOf(properties: MessageProperties): number {
  const { contentType, deliveryMode, priority, correlationId, replyTo, expiration, messageId, timestamp } = properties
  const { contentEncoding, type, userId, appId } = properties
  return (
    HAS.headers |
    (contentType === undefined ? 0 : HAS.contentType) |
    (deliveryMode === undefined ? 0 : HAS.deliveryMode) |
    (priority === undefined ? 0 : HAS.priority) |
    (correlationId === undefined ? 0 : HAS.correlationId) |
    (replyTo === undefined ? 0 : HAS.replyTo) |
    (expiration === undefined ? 0 : HAS.expiration) |
    (messageId === undefined ? 0 : HAS.messageId) |
    (timestamp === undefined ? 0 : HAS.timestamp) |
    (contentEncoding === undefined ? 0 : HAS.contentEncoding) |
    (type === undefined ? 0 : HAS.type) |
    (userId === undefined ? 0 : HAS.userId) |
    (appId === undefined ? 0 : HAS.appId)
  )
}
