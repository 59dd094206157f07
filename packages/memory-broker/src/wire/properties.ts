import { ByteReader, ByteWriter, WireError } from './bytes.js'
import { FieldTable } from './field-table.js'

/** The properties of a message. */
export interface Properties {
  readonly contentType?: string
  readonly contentEncoding?: string
  readonly headers?: FieldTable
  readonly deliveryMode?: number
  readonly priority?: number
  readonly correlationId?: string
  readonly replyTo?: string
  readonly expiration?: string
  readonly messageId?: string
  readonly timestamp?: number | bigint
  readonly type?: string
  readonly userId?: string
  readonly appId?: string
  readonly clusterId?: string
}

/** The kinds of the properties, in the order of their flags, from the highest bit down. */
const KINDS = {
  contentType: 'shortText',
  contentEncoding: 'shortText',
  headers: 'table',
  deliveryMode: 'octet',
  priority: 'octet',
  correlationId: 'shortText',
  replyTo: 'shortText',
  expiration: 'shortText',
  messageId: 'shortText',
  timestamp: 'exact',
  type: 'shortText',
  userId: 'shortText',
  appId: 'shortText',
  clusterId: 'shortText',
} as const satisfies Record<keyof Properties, string>

const ENTRIES = Object.entries(KINDS).map(([name, kind], index) => ({ name, kind, flag: 1 << (15 - index) }))

/** The content header, which follows a method that carries a message. */
export interface ContentHeader {
  readonly classId: number
  readonly bodySize: number
  readonly properties: Properties
  /** The properties in wire format, with their flags. */
  readonly encoded: Buffer
}

/** Reads the payload of a header frame. @throws WireError if it is not a content header */
export function decodeContentHeader(payload: Buffer): ContentHeader {
  const reader = new ByteReader(payload)
  const classId = reader.short()
  reader.short()
  const bodySize = reader.longlong()
  return { classId, bodySize, properties: readProperties(reader), encoded: payload.subarray(12) }
}

function readProperties(reader: ByteReader): Properties {
  const flags = reader.short()
  if ((flags & 3) !== 0) throw new WireError('there are no such properties')
  const properties: Record<string, unknown> = {}
  for (const { name, kind, flag } of ENTRIES) {
    if ((flags & flag) === 0) continue
    properties[name] = kind === 'table' ? FieldTable.read(reader.longBytes()) : reader[kind]()
  }
  return properties
}

/** Encodes the properties of a message, with their flags. */
export function encodeProperties(properties: Properties): Buffer {
  const values = properties as Readonly<Record<string, unknown>>
  const present = ENTRIES.filter(({ name }) => values[name] !== undefined)
  const writer = new ByteWriter().short(present.reduce((flags, { flag }) => flags | flag, 0))
  for (const { name, kind } of present) {
    const value = values[name]
    if (kind === 'table') writer.longBytes((value as FieldTable).encode())
    else if (kind === 'shortText') writer.shortText(value as string)
    else writer[kind](value as number)
  }
  return writer.done()
}

/** Encodes the payload of a header frame. */
export function encodeContentHeader(bodySize: number, properties: Buffer): Buffer {
  return new ByteWriter(12 + properties.length).short(60).short(0).longlong(bodySize).put(properties).done()
}
