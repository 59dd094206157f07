import { diagnostics, type MessageDiagnostics } from '../connection/diagnostics.js'
import type { OutgoingMessage } from '../connection/message.js'
import { type LeveretError, PublishError } from '../errors.js'
import type { Publication } from './publication.js'

/** Tells `node:diagnostics_channel` of a message that was just handed over, if somebody listens. */
export function tellHandedOver(connection: string, publication: Publication): void {
  const topic = publication.handedOver > 1 ? diagnostics.resent : diagnostics.published
  if (topic.hasSubscribers) topic.publish(describe(connection, publication.message))
}

/** Tells it how a message ended. */
export function tellSettled(connection: string, { message }: Publication, error: LeveretError | undefined): void {
  if (error !== undefined) tellFailed(connection, message, error)
  else if (diagnostics.confirmed.hasSubscribers) diagnostics.confirmed.publish(describe(connection, message))
}

/** Tells it that a message was not stored, as far as is known. */
export function tellFailed(connection: string, message: OutgoingMessage, error: LeveretError): void {
  const outcome = error instanceof PublishError ? error.outcome : 'not-sent'
  if (outcome === 'returned') {
    if (diagnostics.returned.hasSubscribers) diagnostics.returned.publish(describe(connection, message))
  } else if (diagnostics.failed.hasSubscribers) {
    diagnostics.failed.publish({ ...describe(connection, message), outcome, error })
  }
}

function describe(
  connection: string,
  { exchange, routingKey, content, properties }: OutgoingMessage,
): MessageDiagnostics {
  return { connection, exchange, routingKey, messageId: properties.messageId, bytes: content.length }
}
