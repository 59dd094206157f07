import { bareTable, markWide, refuseFalseNumbers } from './amqp-table.js'
import { HEADER_BYTES } from './header-bytes.js'
import type { Headers, MessageProperties } from './message.js'

/**
 * How many bytes a value of each type takes, by the letter of its type.
 *
 * Source: https://www.rabbitmq.com/amqp-0-9-1-errata#section_3
 */
const FIXED = new Map(
  Object.entries({ b: 1, B: 1, t: 1, s: 2, u: 2, I: 4, i: 4, f: 4, D: 5, d: 8, l: 8, T: 8, V: 0 }).map(
    ([tag, bytes]) => [tag.charCodeAt(0), bytes],
  ),
)
const TABLE = 'F'.charCodeAt(0)
const ARRAY = 'A'.charCodeAt(0)
const INT64 = 'l'.charCodeAt(0)

/**
 * A header of another program, as it was received. amqplib reads a number of any type as a `number`, and writes it in
 * the fewest bytes that hold it. So it rounds 64-bit numbers, and makes a byte of a small int.
 */
export class RawField {
  /** The letter of the type, followed by the value. */
  readonly bytes: Buffer
  /** The value that amqplib has read. */
  readonly value: unknown

  constructor(bytes: Buffer, value: unknown) {
    this.bytes = bytes
    this.value = value
  }
}

/** Returns received headers for reading: without prototypes, and with a `bigint` where a number would be rounded. */
export function receivedHeaders({ headers, [HEADER_BYTES]: bytes }: MessageProperties): Record<string, unknown> {
  const table: Record<string, unknown> = { ...bareTable(headers) }
  Object.setPrototypeOf(table, null)
  if (bytes !== undefined && holdsRounded(table)) widen(table, bytes)
  return table
}

/**
 * Returns received headers for a copy of the message, byte for byte as they came.
 *
 * @param keeps - whether the copy keeps the header of this name
 */
export function headersToCopy(
  properties: MessageProperties,
  keeps: (name: string) => boolean,
): Record<string, unknown> {
  const { headers, [HEADER_BYTES]: bytes } = properties
  const kept = Object.fromEntries(Object.entries(bareTable(headers)).filter(([name]) => keeps(name)))
  if (bytes === undefined || !Object.values(kept).some(changes)) return kept
  for (const [name, field] of fieldsOf(bytes, true)) {
    const value = Object.hasOwn(kept, name) ? kept[name] : undefined
    // leveret's own headers are read and written again.
    if (changes(value) && !name.startsWith('leveret-')) kept[name] = new RawField(field, value)
  }
  return kept
}

/** Whether a table holds a field as it was received. */
export function holdsRaw(table: Readonly<Record<string, unknown>> = {}): boolean {
  return Object.values(table).some((value) => value instanceof RawField)
}

/**
 * Returns the properties in a form that amqplib can write. In place of a header as it was received stands the value
 * that amqplib has read.
 *
 * @throws TypeError as {@link refuseFalseNumbers} does
 */
export function writableProperties(properties: MessageProperties): MessageProperties {
  const { headers } = properties
  if (headers === undefined) return properties
  const writable = markWide(holdsRaw(headers) ? withoutRaw(headers) : headers)
  refuseFalseNumbers(writable)
  return { ...properties, headers: writable }
}

function withoutRaw(table: Headers): Headers {
  const entries = Object.entries(table)
  return Object.fromEntries(entries.map(([name, value]) => [name, value instanceof RawField ? value.value : value]))
}

/** Whether amqplib may write other bytes than it has read. A text that was not UTF-8 holds the character U+FFFD. */
function changes(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\uFFFD')
  return value !== null && value !== undefined && typeof value !== 'boolean'
}

function holdsRounded(table: Readonly<Record<string, unknown>>): boolean {
  const found = Object.values(table)
  // The list grows while the loop runs. Tables may be nested deeper than the stack allows recursion.
  for (const value of found) {
    if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) return true
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) continue
    for (const inner of Object.values(value)) found.push(inner)
  }
  return false
}

/** Puts a `bigint` in the place of each number that amqplib has rounded. */
function widen(table: object, bytes: Buffer): void {
  // The list grows while the loop runs.
  const open = [{ values: table as Record<string, unknown>, bytes, isNamed: true }]
  for (const { values, bytes: inside, isNamed } of open) {
    for (const [name, field] of fieldsOf(inside, isNamed)) {
      const value = Object.hasOwn(values, name) ? values[name] : undefined
      const tag = field[0]
      if (tag === INT64 && !Number.isSafeInteger(value)) values[name] = field.readBigInt64BE(1)
      else if ((tag === TABLE || tag === ARRAY) && typeof value === 'object' && value !== null) {
        open.push({ values: value as Record<string, unknown>, bytes: field.subarray(5), isNamed: tag === TABLE })
      }
    }
  }
}

/**
 * Iterates over the fields of a table by name, or of an array by number. Each field begins with the letter of its type.
 */
function* fieldsOf(bytes: Buffer, isNamed: boolean): Generator<readonly [name: string, field: Buffer]> {
  let offset = 0
  for (let index = 0; offset < bytes.length; index += 1) {
    let name = String(index)
    if (isNamed) {
      const length = bytes[offset] ?? 0
      name = bytes.toString('utf8', offset + 1, offset + 1 + length)
      offset += 1 + length
    }
    const fixed = FIXED.get(bytes[offset] ?? 0)
    if (fixed === undefined && offset + 5 > bytes.length) return
    const length = fixed === undefined ? 5 + bytes.readUInt32BE(offset + 1) : 1 + fixed
    yield [name, bytes.subarray(offset, offset + length)]
    offset += length
  }
}
