import type { OutgoingMessage } from '../message/message.js'
import type { FailureOptions } from './leveret-error.js'
import { messageOf } from './message-of.js'
import { PublishError, type PublishOutcome } from './publish-error.js'

/** Error text for a message that the broker refused (`basic.nack`). */
export const NACKED = 'the broker answered basic.nack, for example because a queue is full'

/** Error text for a message that is too large to be sent. */
export function tooLarge(bytes: number, maxMessageBytes: number): string {
  return `its content has ${bytes} bytes and maxMessageBytes is ${maxMessageBytes}`
}

/** Error text for a message that could not be encoded. */
export function notEncoded(cause: unknown): string {
  return `its properties cannot be encoded: ${messageOf(cause)}`
}

/** The part of a message that an error names. */
export interface Addressed extends Pick<OutgoingMessage, 'exchange' | 'routingKey'> {
  readonly properties: Pick<OutgoingMessage['properties'], 'messageId'>
}

/** Creates the error for a message that was not confirmed. */
export function publishError(
  outcome: PublishOutcome,
  { exchange, routingKey, properties }: Addressed,
  why: string,
  options?: FailureOptions,
): PublishError {
  return new PublishError(outcome, { exchange, routingKey, messageId: properties.messageId }, why, options)
}
