import type { ReceivedMessage } from './message.js'

/**
 * Place in a stream to begin at. RabbitMQ stores messages in chunks, and begins at the start of a chunk: `last` is the
 * first message of the last chunk, and a `Date` is the first message of the first chunk that is not older.
 *
 * @see https://www.rabbitmq.com/docs/streams#consuming
 */
export type StreamOffset = 'first' | 'last' | 'next' | number | Date

/** Returns the consumer argument for an offset. */
export function offsetArgument(offset: StreamOffset): Readonly<Record<string, unknown>> {
  // The wire has seconds. amqplib writes a table of this shape as a timestamp.
  const value = offset instanceof Date ? { '!': 'timestamp', value: Math.floor(offset.getTime() / 1_000) } : offset
  return { 'x-stream-offset': value }
}

/** Returns the offset of a message in its stream; `undefined` if it did not come from a stream. */
export function offsetOf({ properties }: ReceivedMessage): number | undefined {
  const offset = properties.headers?.['x-stream-offset']
  return typeof offset === 'number' && Number.isSafeInteger(offset) && offset >= 0 ? offset : undefined
}
