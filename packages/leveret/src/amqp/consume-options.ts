import { offsetArgument, type StreamOffset } from '../message/stream-offset.js'

/** Options of `basic.consume`. */
export interface ConsumeOptions {
  /**
   * Settlement of deliveries. With `none` the broker forgets a message as it delivers it, which direct reply-to
   * requires.
   *
   * @defaultValue 'acks'
   */
  readonly settlement?: 'acks' | 'none'
  /** Priority of the consumer: above 0 it is served before others, below 0 after them. @defaultValue 0 */
  readonly priority?: number | undefined
  /** Whether RabbitMQ refuses other consumers of a classic queue meanwhile. @defaultValue false */
  readonly exclusive?: boolean
  /** Place in a stream to begin at. RabbitMQ refuses it for any other queue (406). */
  readonly offset?: StreamOffset | undefined
}

/** Converts the options into those of amqplib. */
export function consumeArguments({ settlement = 'acks', priority, exclusive = false, offset }: ConsumeOptions): {
  readonly noAck: boolean
  readonly exclusive: boolean
  readonly arguments: Readonly<Record<string, unknown>>
} {
  const given = {
    ...(priority === undefined ? {} : { 'x-priority': priority }),
    ...(offset === undefined ? {} : offsetArgument(offset)),
  }
  return { noAck: settlement === 'none', exclusive, arguments: given }
}
