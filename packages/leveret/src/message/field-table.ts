import { bareTable, markWide, refuseFalseNumbers } from './amqp-table.js'
import { HEADER_BYTES } from './header-bytes.js'
import type { Headers, MessageProperties } from './message.js'

/** How many bytes the values of each type have, by its letter. Source: https://www.rabbitmq.com/amqp-0-9-1-errata#section_3 */
const FIXED = new Map(
  Object.entries({ b: 1, B: 1, t: 1, s: 2, u: 2, I: 4, i: 4, f: 4, D: 5, d: 8, l: 8, T: 8, V: 0 }).map(
    ([tag, bytes]) => [tag.charCodeAt(0), bytes],
  ),
)
const TABLE = 'F'.charCodeAt(0)
const ARRAY = 'A'.charCodeAt(0)
const INT64 = 'l'.charCodeAt(0)

/**
 * A header of another program, as it came. amqplib reads numbers of every type as a `number` and writes the fewest bytes that hold it, so
 * that 64 bits are rounded, and an int becomes a byte, on the way through.
 */
export class RawField {
  /** The letter of its type, and its value. */
  readonly bytes: Buffer
  /** What amqplib has read of it. */
  readonly value: unknown

  constructor(bytes: Buffer, value: unknown) {
    this.bytes = bytes
    this.value = value
  }
}

/** Received headers as they are to be read: without prototypes, and with a `bigint` where a number would be rounded. */
export function receivedHeaders({ headers, [HEADER_BYTES]: bytes }: MessageProperties): Record<string, unknown> {
  const table: Record<string, unknown> = { ...bareTable(headers) }
  Object.setPrototypeOf(table, null)
  if (bytes !== undefined && holdsRounded(table)) widen(table, bytes)
  return table
}

/** Received headers as a copy is to carry them: byte for byte what came. @param keeps - which of them */
export function headersToCopy(
  properties: MessageProperties,
  keeps: (name: string) => boolean,
): Record<string, unknown> {
  const { headers, [HEADER_BYTES]: bytes } = properties
  const kept = Object.fromEntries(Object.entries(bareTable(headers)).filter(([name]) => keeps(name)))
  if (bytes === undefined || !Object.values(kept).some(changes)) return kept
  for (const [name, field] of fieldsOf(bytes, true)) {
    const value = Object.hasOwn(kept, name) ? kept[name] : undefined
    // leveret's own are read once more, and written anew.
    if (changes(value) && !name.startsWith('leveret-')) kept[name] = new RawField(field, value)
  }
  return kept
}

/** Whether a table holds a field as it came. */
export function holdsRaw(table: Readonly<Record<string, unknown>> = {}): boolean {
  return Object.values(table).some((value) => value instanceof RawField)
}

/**
 * Properties as amqplib can write them: of a header as it came, what amqplib has read of it.
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

/** Whether amqplib may write something else than it has read. A text has this character where it was no UTF-8. */
function changes(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\uFFFD')
  return value !== null && value !== undefined && typeof value !== 'boolean'
}

function holdsRounded(table: Readonly<Record<string, unknown>>): boolean {
  const found = Object.values(table)
  // It grows on the way. Tables may be nested deeper than functions may call each other.
  for (const value of found) {
    if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) return true
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) continue
    for (const inner of Object.values(value)) found.push(inner)
  }
  return false
}

/** Puts a `bigint` in the place of each number that amqplib has rounded. */
function widen(table: object, bytes: Buffer): void {
  // It grows on the way.
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

/** The fields of a table by name, or those of an array by number, each from the letter of its type on. */
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
