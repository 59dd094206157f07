import { FrameWriter, integerBytes } from './frame-writer.js'
import type { Headers, MessageProperties, OutgoingMessage } from './message.js'
import type { Wire } from './wire.js'

const METHOD = 1
const HEADER = 2
const BODY = 3
/** Type, channel and length before what a frame holds, and its end. */
const FRAME_BYTES = 8
const BASIC = 60
const PUBLISH = 40
/** Class, weight, the length of the body, and which properties there are. */
const HEADER_BYTES = 14
const MAX_SHORT = 255
/** A longer message does not go in one piece. */
const MAX_BYTES = 16 * 1024

/** The bits that say which properties there are. */
const HAS = {
  contentType: 1 << 15,
  headers: 1 << 13,
  deliveryMode: 1 << 12,
  priority: 1 << 11,
  correlationId: 1 << 10,
  replyTo: 1 << 9,
  expiration: 1 << 8,
  messageId: 1 << 7,
  timestamp: 1 << 6,
} as const

interface Method {
  readonly exchange: string
  readonly routingKey: string
  readonly mandatory: boolean
  readonly frame: Buffer
}

/** What a table of texts and whole numbers is made of, and how long. */
interface Table {
  readonly entries: readonly [string, string | number][]
  readonly bytes: number
}

/** amqplib always writes a table, and so may other programs expect one. */
const NO_HEADERS: Table = { entries: [], bytes: 0 }

/** What the properties of one message will take. */
interface Plan {
  readonly headers: Table
  /** All of them, the headers included. */
  readonly bytes: number
}

/**
 * Writes messages of the usual form, short and with headers that are texts or counts, as the same frames that amqplib would write, at a
 * fraction of the cost.
 *
 * @see https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf (sections 2.3.5 and 4.2)
 */
export class PublishFrames {
  readonly #wire: Wire
  readonly #channel: number
  readonly #maxBytes: number
  /** That of the last message: the next one mostly goes the same way. */
  #method: Method

  constructor(wire: Wire, channel: number, frameMax: number) {
    this.#wire = wire
    this.#channel = channel
    this.#maxBytes = Math.min(MAX_BYTES, frameMax)
    this.#method = methodOf(channel, { exchange: '', routingKey: '', mandatory: false })
  }

  /** @returns `false` when it is not of that form, or no longer read: nothing was written */
  write(message: OutgoingMessage): boolean {
    const { content, properties } = message
    const method = this.#methodFor(message)
    const plan = planOf(properties)
    if (method === undefined || plan === undefined || !this.#wire.isOpen) return false
    const headerBytes = HEADER_BYTES + plan.bytes
    const bodyBytes = content.length === 0 ? 0 : FRAME_BYTES + content.length
    const total = method.length + FRAME_BYTES + headerBytes + bodyBytes
    if (total > this.#maxBytes) return false
    const { bytes, offset } = this.#wire.claim(total)
    const writer = new FrameWriter(bytes, offset)
    writer.copy(method)
    writer.beginFrame(HEADER, this.#channel, headerBytes)
    writer.short(BASIC)
    writer.short(0)
    writer.longLong(content.length)
    writeProperties(writer, plan, properties)
    writer.endFrame()
    if (content.length > 0) {
      writer.beginFrame(BODY, this.#channel, content.length)
      writer.copy(content)
      writer.endFrame()
    }
    return true
  }

  #methodFor({ exchange, routingKey, mandatory }: OutgoingMessage): Buffer | undefined {
    const { exchange: lastExchange, routingKey: lastKey, mandatory: last, frame } = this.#method
    if (routingKey === lastKey && exchange === lastExchange && mandatory === last) return frame
    if (Number.isNaN(textBytes(exchange) + textBytes(routingKey))) return undefined
    this.#method = methodOf(this.#channel, { exchange, routingKey, mandatory })
    return this.#method.frame
  }
}

function methodOf(channel: number, { exchange, routingKey, mandatory }: Omit<Method, 'frame'>): Method {
  const length = 4 + 2 + 1 + Buffer.byteLength(exchange) + 1 + Buffer.byteLength(routingKey) + 1
  const frame = Buffer.allocUnsafe(FRAME_BYTES + length)
  const writer = new FrameWriter(frame, 0)
  writer.beginFrame(METHOD, channel, length)
  writer.short(BASIC)
  writer.short(PUBLISH)
  writer.short(0)
  writer.shortText(exchange)
  writer.shortText(routingKey)
  writer.octet(mandatory ? 1 : 0)
  writer.endFrame()
  return { exchange, routingKey, mandatory, frame }
}

/** @returns `undefined` when they are not all of the usual form */
function planOf(properties: MessageProperties): Plan | undefined {
  const { contentEncoding, type, userId, appId, headers, deliveryMode, priority, timestamp } = properties
  const { contentType, correlationId, replyTo, expiration, messageId } = properties
  if (contentEncoding !== undefined || type !== undefined || userId !== undefined || appId !== undefined)
    return undefined
  const table = headers === undefined ? NO_HEADERS : tableOf(headers)
  if (table === undefined) return undefined
  if (!isNumber(deliveryMode, MAX_SHORT) || !isNumber(priority, MAX_SHORT)) return undefined
  if (!isNumber(timestamp, Number.MAX_SAFE_INTEGER)) return undefined
  const bytes =
    textBytes(contentType) +
    4 +
    table.bytes +
    (deliveryMode === undefined ? 0 : 1) +
    (priority === undefined ? 0 : 1) +
    textBytes(correlationId) +
    textBytes(replyTo) +
    textBytes(expiration) +
    textBytes(messageId) +
    (timestamp === undefined ? 0 : 8)
  return Number.isNaN(bytes) ? undefined : { headers: table, bytes }
}

function writeProperties(writer: FrameWriter, { headers: table }: Plan, properties: MessageProperties): void {
  const { deliveryMode, priority, timestamp } = properties
  const { contentType, correlationId, replyTo, expiration, messageId } = properties
  writer.short(
    HAS.headers |
      (contentType === undefined ? 0 : HAS.contentType) |
      (deliveryMode === undefined ? 0 : HAS.deliveryMode) |
      (priority === undefined ? 0 : HAS.priority) |
      (correlationId === undefined ? 0 : HAS.correlationId) |
      (replyTo === undefined ? 0 : HAS.replyTo) |
      (expiration === undefined ? 0 : HAS.expiration) |
      (messageId === undefined ? 0 : HAS.messageId) |
      (timestamp === undefined ? 0 : HAS.timestamp),
  )
  if (contentType !== undefined) writer.shortText(contentType)
  writer.table(table.entries, table.bytes)
  if (deliveryMode !== undefined) writer.octet(deliveryMode)
  if (priority !== undefined) writer.octet(priority)
  if (correlationId !== undefined) writer.shortText(correlationId)
  if (replyTo !== undefined) writer.shortText(replyTo)
  if (expiration !== undefined) writer.shortText(expiration)
  if (messageId !== undefined) writer.shortText(messageId)
  if (timestamp !== undefined) writer.longLong(timestamp)
}

/** Bytes of a short text, its length included; `NaN` when it is none. */
function textBytes(text: string | undefined): number {
  if (text === undefined) return 0
  const length = Buffer.byteLength(text)
  return length > MAX_SHORT ? Number.NaN : 1 + length
}

function isNumber(value: number | undefined, most: number): boolean {
  return value === undefined || (Number.isInteger(value) && value >= 0 && value <= most)
}

/** @returns `undefined` when it holds anything but texts and whole numbers from 0 */
function tableOf(headers: Headers): Table | undefined {
  const entries = Object.entries(headers) as [string, string | number][]
  let bytes = 0
  for (const [name, value] of entries) bytes += textBytes(name) + 1 + valueBytes(value)
  return Number.isNaN(bytes) ? undefined : { entries, bytes }
}

/** Without its type; `NaN` when it is neither. */
function valueBytes(value: unknown): number {
  if (typeof value === 'string') return 4 + Buffer.byteLength(value)
  const isCount = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
  return isCount ? integerBytes(value) : Number.NaN
}
