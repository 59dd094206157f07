import type * as amqp from 'amqplib'
import type { BrokerReply } from '../errors/broker-reply.js'
import type { ReturnedMessage } from '../message/message.js'
import { closeFrameIn } from './amqplib/internals.js'
import type { QueueStatus } from './declaration.js'

/**
 * Reads the broker's close frame out of an error of amqplib.
 *
 * @returns `undefined` when the error does not come from a close frame
 */
export function brokerReply(error: unknown): BrokerReply | undefined {
  const frame = closeFrameIn(error)
  if (frame === undefined) return undefined
  const replyName = frame.name.replaceAll('-', '_')
  return { replyCode: frame.code, replyName, replyText: withoutPrefix(frame.text, `${replyName} - `) }
}

/** RabbitMQ begins most of its sentences with the name that the code has already said. */
function withoutPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text
}

export function readStatus({ queue, messageCount, consumerCount }: amqp.Replies.AssertQueue): QueueStatus {
  return { name: queue, messageCount, consumerCount }
}

export function readReturn(fields: unknown, properties: amqp.MessageProperties): ReturnedMessage {
  const { replyCode, replyText } = fields as { replyCode: number; replyText: string }
  const { messageId, correlationId }: { messageId?: unknown; correlationId?: unknown } = properties
  return {
    messageId: typeof messageId === 'string' ? messageId : '',
    ...(typeof correlationId === 'string' ? { correlationId } : {}),
    replyCode,
    replyText,
  }
}
