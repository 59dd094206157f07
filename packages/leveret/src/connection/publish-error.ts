import { PublishError, type PublishErrorOptions, type PublishOutcome } from '../errors.js'
import type { OutgoingMessage } from './message.js'

/** The error of a message that was not confirmed. */
export function publishError(
  outcome: PublishOutcome,
  { exchange, routingKey, properties }: OutgoingMessage,
  why: string,
  options?: PublishErrorOptions,
): PublishError {
  return new PublishError(outcome, { exchange, routingKey, messageId: properties.messageId }, why, options)
}
