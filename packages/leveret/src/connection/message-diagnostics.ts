import type { OutgoingMessage } from '../message/message.js'
import { diagnostics } from './diagnostics.js'

/** Tells `node:diagnostics_channel` that a message was handed to the TCP connection, if somebody listens. */
export function tell(
  what: 'published' | 'resent',
  connection: string,
  { exchange, routingKey, content, properties }: OutgoingMessage,
): void {
  const topic = diagnostics[what]
  if (!topic.hasSubscribers) return
  topic.publish({ connection, exchange, routingKey, messageId: properties.messageId, bytes: content.length })
}
