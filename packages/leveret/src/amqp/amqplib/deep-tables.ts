import type * as amqp from 'amqplib'
import { HEADER_BYTES } from '../../message/header-bytes.js'
import { FRAME_HEAD_BYTES } from '../frames/frame-format.js'
import { watchReceive } from './internals.js'

/** Offset of the flags, after class, weight and size of the content. */
const FLAGS_AT = FRAME_HEAD_BYTES + 12
const HAS_CONTENT_TYPE = 0x8000
const HAS_CONTENT_ENCODING = 0x4000
const HAS_HEADERS = 0x2000

/**
 * The deepest nesting that amqplib gets to read. It reads a table inside a table by recursion, and a few thousand
 * levels overflow the stack.
 */
const MAX_DEPTH = 500
/** The fewest bytes of one level. */
const MIN_LEVEL_BYTES = 5

const TABLE = 'F'.charCodeAt(0)
const ARRAY = 'A'.charCodeAt(0)
const BYTES = 'x'.charCodeAt(0)
const TEXT = 'S'.charCodeAt(0)
/** How many bytes a value of each other type takes. Source: https://www.rabbitmq.com/amqp-0-9-1-errata#section_3 */
const FIXED = new Map(
  Object.entries({ b: 1, B: 1, t: 1, s: 2, u: 2, I: 4, i: 4, f: 4, D: 5, d: 8, l: 8, T: 8, V: 0 }).map(
    ([tag, bytes]) => [tag.charCodeAt(0), bytes],
  ),
)

/**
 * Makes amqplib read headers that are nested more than 500 levels deep as bytes from that level on. Also keeps the
 * bytes of the headers beside what amqplib reads.
 *
 * Any publisher can write such headers, and RabbitMQ delivers them. amqplib would close the connection over each
 * delivery, again and again.
 */
export function watchHeaders(model: amqp.ChannelModel): void {
  watchReceive(model, shallowHeadersIn, ({ fields }, table) => {
    if (fields?.headers !== undefined) fields[HEADER_BYTES] = table
  })
}

/**
 * Finds the table of headers in the first frame, and flattens it below the deepest level; `undefined` if the frame is
 * not complete, or has no headers.
 */
function shallowHeadersIn(received: Buffer): Buffer | undefined {
  if (received.length < FLAGS_AT + 2) return undefined
  const end = FRAME_HEAD_BYTES + received.readUInt32BE(3)
  if (received.length < end) return undefined
  const flags = received.readUInt16BE(FLAGS_AT)
  if ((flags & HAS_HEADERS) === 0) return undefined
  let start = FLAGS_AT + 2
  for (const flag of [HAS_CONTENT_TYPE, HAS_CONTENT_ENCODING]) {
    if ((flags & flag) !== 0) start += 1 + (received[start] ?? 0)
  }
  if (start + 4 > end) return undefined
  const length = received.readUInt32BE(start)
  if (length === 0) return undefined
  const table = received.subarray(start + 4, Math.min(start + 4 + length, end))
  if (length >= MAX_DEPTH * MIN_LEVEL_BYTES) flattenTable(table)
  return table
}

/**
 * Turns tables and arrays below the deepest level into bytes. On the wire they differ by their tag alone. An unknown
 * tag is left to amqplib.
 */
function flattenTable(table: Buffer): void {
  const open = [{ end: table.length, isNamed: true }]
  let offset = 0
  while (offset < table.length) {
    const { end, isNamed } = open.at(-1) ?? { end: table.length, isNamed: true }
    if (offset >= end) {
      open.pop()
      continue
    }
    if (isNamed) offset += 1 + (table[offset] ?? 0)
    const tag = table[offset] ?? 0
    const fixed = FIXED.get(tag)
    const length = fixed === undefined && offset + 5 <= table.length ? table.readUInt32BE(offset + 1) : 0
    if (fixed !== undefined) offset += 1 + fixed
    else if (tag === TEXT || tag === BYTES) offset += 5 + length
    else if (tag !== TABLE && tag !== ARRAY) return
    else if (open.length < MAX_DEPTH) {
      open.push({ end: offset + 5 + length, isNamed: tag === TABLE })
      offset += 5
    } else {
      table[offset] = BYTES
      offset += 5 + length
    }
  }
}
