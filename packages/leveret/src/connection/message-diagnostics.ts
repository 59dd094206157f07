import type { LeveretError } from '../errors/leveret-error.js'
import { PublishError } from '../errors/publish-error.js'
import type { OutgoingMessage } from '../message/message.js'
import { diagnostics, type MessageDiagnostics } from './diagnostics.js'

/** Tells `node:diagnostics_channel` what became of a message, if somebody listens. */
export function tell(
  what: 'published' | 'resent' | 'confirmed' | 'returned',
  connection: string,
  message: OutgoingMessage,
): void {
  const topic = diagnostics[what]
  if (topic.hasSubscribers) topic.publish(describe(connection, message))
}

/** Tells it that a message was not stored, as far as is known. */
export function tellFailed(connection: string, message: OutgoingMessage, error: LeveretError): void {
  const outcome = error instanceof PublishError ? error.outcome : 'not-sent'
  if (outcome === 'returned') tell('returned', connection, message)
  else if (diagnostics.failed.hasSubscribers) {
    diagnostics.failed.publish({ ...describe(connection, message), outcome, error })
  }
}

function describe(
  connection: string,
  { exchange, routingKey, content, properties }: OutgoingMessage,
): MessageDiagnostics {
  return { connection, exchange, routingKey, messageId: properties.messageId, bytes: content.length }
}
