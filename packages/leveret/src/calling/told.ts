import { diagnostics, type MessageDiagnostics } from '../connection/diagnostics.js'
import type { OutgoingMessage } from '../connection/message.js'
import type { LeveretError } from '../errors.js'

/** Tells `node:diagnostics_channel` of a request, if somebody listens. */
export function tell(what: 'published' | 'confirmed' | 'returned', connection: string, message: OutgoingMessage): void {
  const topic = diagnostics[what]
  if (topic.hasSubscribers) topic.publish(describe(connection, message))
}

/** Tells it of a request that the broker refused. */
export function tellRefused(connection: string, message: OutgoingMessage, error: LeveretError): void {
  const { failed } = diagnostics
  if (failed.hasSubscribers) failed.publish({ ...describe(connection, message), outcome: 'refused', error })
}

function describe(
  connection: string,
  { exchange, routingKey, content, properties }: OutgoingMessage,
): MessageDiagnostics {
  return { connection, exchange, routingKey, messageId: properties.messageId, bytes: content.length }
}
