import { RawField } from './field-table.js'
import type { Headers, MessageProperties, OutgoingMessage } from './message.js'

/** How many bytes a header frame takes in addition to the properties: class, weight, size of the content, and flags. */
const HEADER_BYTES = 14
/** How many bytes a frame takes in addition to its payload. */
const FRAME_BYTES = 8
/** Size of the buffer in which amqplib encodes all headers of a message. */
const MAX_TABLE_BYTES = 64 * 1024

/** How many bytes a value of each type takes that amqplib's mark `!` can name, with the byte for the type. */
const MARKED = new Map<unknown, number>(
  Object.entries({
    ...{ double: 9, float64: 9, float: 5, decimal: 6, timestamp: 9 },
    ...{ byte: 2, int8: 2, unsignedbyte: 2, uint8: 2, short: 3, int16: 3, unsignedshort: 3, uint16: 3 },
    ...{ int: 5, int32: 5, unsignedint: 5, uint32: 5, long: 9, int64: 9 },
  }),
)

/**
 * Returns the properties in a size that one frame can carry. RabbitMQ closes the connection (501) over a larger header
 * frame.
 *
 * @param frameMax - the value agreed in the handshake
 * @throws RangeError if the properties do not fit and cannot be made smaller
 * @see https://www.rabbitmq.com/docs/configure (frame_max)
 */
export function fittingProperties({ properties, shrink }: OutgoingMessage, frameMax: number): MessageProperties {
  const room = Math.min(frameMax - FRAME_BYTES - HEADER_BYTES, MAX_TABLE_BYTES)
  const bytes = propertyBytes(properties)
  if (bytes <= room) return properties
  const smaller = shrink?.(room)
  if (smaller !== undefined && propertyBytes(smaller) <= room) return smaller
  throw new RangeError(
    `the properties take ${bytes} bytes, but a frame of this connection has room for only ${room} (frame_max is ${frameMax})`,
  )
}

/** Counts the bytes that properties take as amqplib writes them. */
export function propertyBytes({ headers, deliveryMode, priority, timestamp, ...texts }: MessageProperties): number {
  const numbers =
    (deliveryMode === undefined ? 0 : 1) + (priority === undefined ? 0 : 1) + (timestamp === undefined ? 0 : 8)
  const shorts = Object.values(texts).reduce((sum, text) => sum + (text === undefined ? 0 : 1 + textBytes(text)), 0)
  return numbers + shorts + (headers === undefined ? 0 : tableBytes(headers))
}

/**
 * Counts the bytes that a table takes as amqplib writes it, with four bytes for its length. A value that cannot be
 * written counts as 0.
 */
export function tableBytes(table: Headers): number {
  let total = 4
  for (const [name, value] of Object.entries(table)) {
    if (value !== undefined) total += 1 + textBytes(name) + valueBytes(value)
  }
  return total
}

function valueBytes(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return 5 + textBytes(value)
    case 'number':
      return numberBytes(value)
    case 'boolean':
      return 2
    case 'bigint':
      return 9
    case 'object':
      return value === null ? 1 : objectBytes(value)
    default:
      return 0
  }
}

function objectBytes(value: object): number {
  if (value instanceof RawField) return value.bytes.length
  if (Object.hasOwn(value, '!')) {
    const { '!': type, value: marked } = value as Headers
    return MARKED.get(type) ?? valueBytes(marked)
  }
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + valueBytes(item), 5)
  return Buffer.isBuffer(value) ? 5 + value.length : 1 + tableBytes(value as Headers)
}

/**
 * Counts the fewest bytes that hold a number, with its type. A fraction, or a number of more than 63 bits, is a double.
 */
function numberBytes(value: number): number {
  if (!Number.isInteger(value)) return 9
  if (value >= -(2 ** 7) && value < 2 ** 7) return 2
  if (value >= -(2 ** 15) && value < 2 ** 15) return 3
  return value >= -(2 ** 31) && value < 2 ** 31 ? 5 : 9
}

function textBytes(text: string): number {
  return Buffer.byteLength(text)
}
