import type { ReceivedMessage } from './message.js'

/**
 * Where in a stream to begin. RabbitMQ stores messages in chunks, and begins with one: `last` with the first message of the last
 * chunk, a `Date` with the first message of the first chunk that is not older.
 *
 * @see https://www.rabbitmq.com/docs/streams#consuming
 */
export type StreamOffset = 'first' | 'last' | 'next' | number | Date

/** The consumer argument that says so. */
export function offsetArgument(offset: StreamOffset): Readonly<Record<string, unknown>> {
  // Seconds on the wire; amqplib writes a table of this shape as a timestamp.
  const value = offset instanceof Date ? { '!': 'timestamp', value: Math.floor(offset.getTime() / 1_000) } : offset
  return { 'x-stream-offset': value }
}

/** @returns where in its stream a message stands; `undefined` when it came from no stream */
export function offsetOf({ properties }: ReceivedMessage): number | undefined {
  const offset = properties.headers?.['x-stream-offset']
  return typeof offset === 'number' && Number.isSafeInteger(offset) && offset >= 0 ? offset : undefined
}
