import { offsetArgument, type StreamOffset } from '../message/stream-offset.js'

/** How a queue is consumed. */
export interface ConsumeOptions {
  /** With `none` the broker forgets what it delivers, as it insists on for direct reply-to. @defaultValue 'acks' */
  readonly settlement?: 'acks' | 'none'
  /** Above 0: before others; below: after them. @defaultValue 0 */
  readonly priority?: number | undefined
  /** RabbitMQ lets nobody else consume the queue meanwhile, if it is a classic one. @defaultValue false */
  readonly exclusive?: boolean
  /** Where in a stream to begin. RabbitMQ refuses it for any other queue (406). */
  readonly offset?: StreamOffset | undefined
}

/** The same as amqplib takes it. */
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
