import { diagnostics, type MessageDiagnostics } from '../connection/diagnostics.js'
import { type LeveretError, PublishError } from '../errors.js'
import type { Publication } from './publication.js'

/** Tells `node:diagnostics_channel` of a message that was just handed over, if somebody listens. */
export function tellHandedOver(connection: string, publication: Publication): void {
  const topic = publication.handedOver > 1 ? diagnostics.resent : diagnostics.published
  if (topic.hasSubscribers) topic.publish(describe(connection, publication))
}

/** Tells it how a message ended. */
export function tellSettled(connection: string, publication: Publication, error: LeveretError | undefined): void {
  if (error === undefined) {
    if (diagnostics.confirmed.hasSubscribers) diagnostics.confirmed.publish(describe(connection, publication))
    return
  }
  const outcome = error instanceof PublishError ? error.outcome : 'not-sent'
  if (outcome === 'returned') {
    if (diagnostics.returned.hasSubscribers) diagnostics.returned.publish(describe(connection, publication))
  } else if (diagnostics.failed.hasSubscribers) {
    diagnostics.failed.publish({ ...describe(connection, publication), outcome, error })
  }
}

function describe(connection: string, { message, bytes }: Publication): MessageDiagnostics {
  const { exchange, routingKey, properties } = message
  return { connection, exchange, routingKey, messageId: properties.messageId, bytes }
}
