import { offsetArgument, type StreamOffset } from './stream-offset.js'

/** How a queue is consumed. */
export interface ConsumeOptions {
  /** With `none` the broker forgets what it delivers, as it insists on for direct reply-to. @defaultValue 'acks' */
  readonly settlement?: 'acks' | 'none'
  /** Where in a stream to begin. RabbitMQ refuses it for any other queue (406). */
  readonly offset?: StreamOffset | undefined
}

/** The same as amqplib takes it. */
export function consumeArguments({ settlement = 'acks', offset }: ConsumeOptions): {
  readonly noAck: boolean
  readonly arguments: Readonly<Record<string, unknown>>
} {
  return { noAck: settlement === 'none', arguments: offset === undefined ? {} : offsetArgument(offset) }
}
