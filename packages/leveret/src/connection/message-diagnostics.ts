import type { OutgoingMessage } from '../message/message.js'
import { diagnostics } from './diagnostics.js'

/** Publishes on `node:diagnostics_channel` that a message was written, if there is a subscriber. */
export function publishDiagnostic(
  what: 'published' | 'resent',
  connection: string,
  { exchange, routingKey, content, properties }: OutgoingMessage,
): void {
  const topic = diagnostics[what]
  if (!topic.hasSubscribers) return
  topic.publish({ connection, exchange, routingKey, messageId: properties.messageId, bytes: content.length })
}
