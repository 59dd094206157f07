import type { Topic } from '../async/tracing.js'
import type { OutgoingMessage } from '../message/message.js'
import type { MessageDiagnostics } from './diagnostics.js'

/** Publishes on `node:diagnostics_channel` that a message was written. Ask `hasSubscribers` first. */
export function publishDiagnostic(
  topic: Topic<MessageDiagnostics>,
  connection: string,
  { exchange, routingKey, content, properties }: OutgoingMessage,
): void {
  topic.publish({ connection, exchange, routingKey, messageId: properties.messageId, bytes: content.length })
}
