import { type ByteText, fromByteText, toByteText } from './byte-text.js'
import { ByteReader, ByteWriter, WireError } from './bytes.js'

/** A value of a table in wire format: the letter of its type, and its bytes. Nested values are decoded on demand. */
export interface Field {
  readonly type: string
  readonly bytes: Buffer
}

/** A value of a table as a JavaScript value. A number that no double can hold is a bigint; a time is in seconds. */
export type FieldValue =
  | boolean
  | number
  | bigint
  | string
  | Buffer
  | null
  | { readonly timestamp: number }
  | readonly FieldValue[]
  | { readonly [name: string]: FieldValue }

/** How many bytes a value has, for types of a fixed size. */
const SIZES: Readonly<Record<string, number>> = {
  t: 1,
  b: 1,
  B: 1,
  s: 2,
  u: 2,
  I: 4,
  i: 4,
  l: 8,
  L: 8,
  f: 4,
  d: 8,
  D: 5,
  T: 8,
  V: 0,
}

/** The types whose values begin with their length. */
const LONG_TYPES = 'SxAF'

/** The deepest nesting that is decoded. Deeper tables pass through as bytes. */
const MAX_DEPTH = 64

/** Names of types in RabbitMQ's replies. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  t: 'bool',
  b: 'byte',
  B: 'unsignedbyte',
  s: 'short',
  u: 'unsignedshort',
  I: 'signedint',
  i: 'unsignedint',
  l: 'long',
  L: 'long',
  f: 'float',
  d: 'double',
  D: 'decimal',
  S: 'longstr',
  x: 'binary',
  A: 'array',
  F: 'table',
  T: 'timestamp',
  V: 'void',
}

/** Reads one value with its type. @throws WireError if there is no such type */
export function readField(reader: ByteReader): Field {
  const type = String.fromCharCode(reader.octet())
  const size = SIZES[type]
  if (size !== undefined) return { type, bytes: reader.take(size) }
  if (LONG_TYPES.includes(type)) return { type, bytes: reader.longBytes() }
  throw new WireError(`there is no field type '${type}'`)
}

export function writeField(writer: ByteWriter, { type, bytes }: Field): void {
  writer.octet(type.charCodeAt(0))
  if (LONG_TYPES.includes(type)) writer.longBytes(bytes)
  else writer.put(bytes)
}

/** Returns RabbitMQ's name of a field's type. */
export function typeName({ type }: Field): string {
  return TYPE_NAMES[type] ?? 'void'
}

/** Returns the number in a field of an integer type; `undefined` for other types. */
export function integerOf(field: Field | undefined): number | undefined {
  if (field === undefined || !'bBsuIilL'.includes(field.type)) return undefined
  return Number(scalarOf(field))
}

/** Returns the text in a field; `undefined` for other types. */
export function textOf(field: Field | undefined): ByteText | undefined {
  return field?.type === 'S' ? field.bytes.toString('latin1') : undefined
}

/** Returns the value of a field as a JavaScript value. A value that is nested too deeply stays as bytes. */
export function toValue(field: Field, depth = 0): FieldValue {
  const { type, bytes } = field
  if (type === 'A' && depth < MAX_DEPTH) return fieldsOf(bytes).map((item) => toValue(item, depth + 1))
  if (type === 'F' && depth < MAX_DEPTH)
    return Object.fromEntries(entriesOf(bytes).map(([name, item]) => [fromByteText(name), toValue(item, depth + 1)]))
  return scalarOf(field)
}

function scalarOf({ type, bytes }: Field): FieldValue {
  switch (type) {
    case 't':
      return bytes[0] !== 0
    case 'b':
      return bytes.readInt8()
    case 'B':
      return bytes.readUInt8()
    case 's':
      return bytes.readInt16BE()
    case 'u':
      return bytes.readUInt16BE()
    case 'I':
      return bytes.readInt32BE()
    case 'i':
      return bytes.readUInt32BE()
    case 'f':
      return bytes.readFloatBE()
    case 'd':
      return bytes.readDoubleBE()
    case 'D':
      return bytes.readUInt32BE(1) / 10 ** bytes.readUInt8()
    case 'S':
      return bytes.toString('utf8')
    case 'T':
      return { timestamp: Number(bytes.readBigUInt64BE()) }
    case 'V':
      return null
    case 'l':
    case 'L':
      return narrow(bytes.readBigInt64BE())
    default:
      return bytes
  }
}

function narrow(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** Reads the fields of an array. */
export function fieldsOf(bytes: Buffer): Field[] {
  const reader = new ByteReader(bytes)
  const fields: Field[] = []
  while (reader.left > 0) fields.push(readField(reader))
  return fields
}

/** Reads the names and fields of a table, without its length. */
export function entriesOf(bytes: Buffer): [string, Field][] {
  const reader = new ByteReader(bytes)
  const entries: [string, Field][] = []
  while (reader.left > 0) entries.push([reader.shortText(), readField(reader)])
  return entries
}

/** Makes a field of a text. */
export function text(value: ByteText): Field {
  return { type: 'S', bytes: Buffer.from(value, 'latin1') }
}

/** Makes a field of a whole number of 64 bits. */
export function long(value: number): Field {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigInt64BE(BigInt(value))
  return { type: 'l', bytes }
}

/** Makes a field of a whole number of 32 bits. */
export function int(value: number): Field {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(value)
  return { type: 'I', bytes }
}

export function bool(value: boolean): Field {
  return { type: 't', bytes: Buffer.from([value ? 1 : 0]) }
}

/** Makes a field of a time, in seconds since 1970. */
export function timestamp(seconds: number): Field {
  return { type: 'T', bytes: long(seconds).bytes }
}

export function array(items: readonly Field[]): Field {
  const writer = new ByteWriter()
  for (const item of items) writeField(writer, item)
  return { type: 'A', bytes: writer.done() }
}

/** Makes a field of the type that clients choose for a JavaScript value. A whole number has 32 bits if it fits. */
export function fieldOf(value: unknown): Field {
  if (typeof value === 'string') return text(toByteText(value))
  if (typeof value === 'boolean') return bool(value)
  if (typeof value === 'number') return numberField(value)
  if (value === null || value === undefined) return { type: 'V', bytes: Buffer.alloc(0) }
  if (Buffer.isBuffer(value)) return { type: 'x', bytes: value }
  if (Array.isArray(value)) return array(value.map(fieldOf))
  if (typeof value === 'object' && 'timestamp' in value) return timestamp(Number(value.timestamp))
  return table(Object.entries(value).map(([name, item]) => [toByteText(name), fieldOf(item)]))
}

function numberField(value: number): Field {
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) return int(value)
  if (Number.isSafeInteger(value)) return long(value)
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeDoubleBE(value)
  return { type: 'd', bytes }
}

export function table(entries: readonly (readonly [string, Field])[]): Field {
  const writer = new ByteWriter()
  for (const [name, item] of entries) {
    writer.shortText(name)
    writeField(writer, item)
  }
  return { type: 'F', bytes: writer.done() }
}
