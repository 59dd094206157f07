import type * as amqp from 'amqplib'
import type { BrokerReply } from '../errors/broker-reply.js'
import type { ReturnedMessage } from '../message/message.js'
import type { QueueStatus } from './declaration.js'

const REPLY = /(\d{3}) \(([A-Z-]+)\) with message "(.*)"/s

/**
 * Reads the broker's close frame out of amqplib's error, which holds the code as a number and the rest as text.
 *
 * @returns `undefined` when the error does not come from a close frame
 */
export function brokerReply(error: unknown): BrokerReply | undefined {
  if (!(error instanceof Error)) return undefined
  const parts = REPLY.exec(error.message)
  if (parts === null) return undefined
  const replyName = (parts[2] ?? '').replaceAll('-', '_')
  const replyText = parts[3] ?? ''
  return { replyCode: Number(parts[1]), replyName, replyText: withoutPrefix(replyText, `${replyName} - `) }
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
