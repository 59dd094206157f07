import type { Duplex } from 'node:stream'
import type { ConfirmChannel } from 'amqplib'

/** A message in the bytes of its frames: also what amqplib itself could not write. */
export interface WireMessage {
  readonly exchange: string
  readonly routingKey: Buffer
  readonly content: Buffer
  /** Each encoded as its type has it. */
  readonly properties: Partial<Readonly<Record<Property, Buffer>>>
}

/** In the order of their flags, the highest bit first. Source: https://www.rabbitmq.com/amqp-0-9-1-reference#class.basic */
const PROPERTIES = [
  'contentType',
  'contentEncoding',
  'headers',
  'deliveryMode',
  'priority',
  'correlationId',
  'replyTo',
  'expiration',
  'messageId',
  'timestamp',
  'type',
  'userId',
  'appId',
  'clusterId',
] as const

/** A basic property of AMQP 0-9-1. */
export type Property = (typeof PROPERTIES)[number]

const METHOD = 1
const HEADER = 2
const BODY = 3
const BASIC = 60
const PUBLISH = 40
const FRAME_END = 0xce
const FRAME_OVERHEAD = 8
/** What RabbitMQ proposes. */
const MAX_FRAME_BYTES = 131_072

/** What the header frame of a message may take of one frame, as far as properties go. */
export const MAX_PROPERTY_BYTES: number = MAX_FRAME_BYTES - FRAME_OVERHEAD - 14

/** Publishes on an open channel, without a confirm: any answer to a later call says that the broker has taken it. */
export function publishRaw(channel: ConfirmChannel, message: WireMessage): void {
  // Fields that amqplib does not document.
  const { ch, connection } = channel as unknown as { ch: number; connection: { stream: Duplex } }
  connection.stream.write(framesOf(ch, message))
}

/** A name or a short text. */
export function shortText(text: string | Buffer): Buffer {
  const bytes = Buffer.from(text).subarray(0, 255)
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}

/** Anything that begins with its length: a text, bytes, a table, an array. */
export function long(bytes: Buffer): Buffer {
  return Buffer.concat([unsigned(4, bytes.length), bytes])
}

/** Entries of a table, as the property `headers` or a table inside another begins with their length. */
export function table(entries: readonly (readonly [name: string | Buffer, value: Buffer])[]): Buffer {
  return long(Buffer.concat(entries.flatMap(([name, value]) => [shortText(name), value])))
}

/** A value of a table: the letter of its type, then the value itself. */
export function tagged(tag: string, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from(tag, 'latin1'), value])
}

export function unsigned(bytes: 1 | 2 | 4, value: number): Buffer {
  const buffer = Buffer.alloc(bytes)
  buffer.writeUIntBE(value, 0, bytes)
  return buffer
}

/** Tables in tables, or arrays in arrays: the value of a header that is nested so deeply. */
export function nested(kind: 'F' | 'A', depth: number): Buffer {
  const name = kind === 'F' ? Buffer.from([0]) : Buffer.alloc(0)
  const step = name.length + 5
  const levels = Array.from({ length: depth }, (_, level) =>
    // The outermost has no name here: it gets that of its header.
    Buffer.concat([level === 0 ? Buffer.alloc(0) : name, tagged(kind, unsigned(4, (depth - 1 - level) * step))]),
  )
  return Buffer.concat(levels)
}

function framesOf(channel: number, { exchange, routingKey, content, properties }: WireMessage): Buffer {
  const publish = Buffer.concat([
    ...[BASIC, PUBLISH, 0].map((number) => unsigned(2, number)),
    shortText(exchange),
    shortText(routingKey),
    Buffer.from([0]),
  ])
  const bodies: Buffer[] = []
  const most = MAX_FRAME_BYTES - FRAME_OVERHEAD
  for (let start = 0; start < content.length; start += most) {
    bodies.push(frame(BODY, channel, content.subarray(start, start + most)))
  }
  return Buffer.concat([
    frame(METHOD, channel, publish),
    frame(HEADER, channel, headerOf(content, properties)),
    ...bodies,
  ])
}

function headerOf(content: Buffer, properties: WireMessage['properties']): Buffer {
  const present = PROPERTIES.filter((name) => properties[name] !== undefined)
  const flags = present.reduce((sum, name) => sum | (0x8000 >> PROPERTIES.indexOf(name)), 0)
  const values = present.map((name) => properties[name] ?? Buffer.alloc(0))
  return Buffer.concat([
    unsigned(2, BASIC),
    unsigned(2, 0),
    unsigned(4, 0),
    unsigned(4, content.length),
    unsigned(2, flags),
    ...values,
  ])
}

function frame(type: number, channel: number, payload: Buffer): Buffer {
  const head = Buffer.concat([unsigned(1, type), unsigned(2, channel), unsigned(4, payload.length)])
  return Buffer.concat([head, payload, Buffer.from([FRAME_END])])
}
