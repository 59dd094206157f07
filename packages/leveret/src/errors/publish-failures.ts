import type { OutgoingMessage } from '../message/message.js'
import type { FailureOptions } from './leveret-error.js'
import { messageOf } from './message-of.js'
import { PublishError, type PublishOutcome } from './publish-error.js'

/** Why a message was refused by the broker. */
export const NACKED = 'the broker answered basic.nack, as a full queue does'

/** Why a message was refused here. */
export function tooLarge(bytes: number, maxMessageBytes: number): string {
  return `its content has ${bytes} bytes and maxMessageBytes is ${maxMessageBytes}`
}

/** Why a message could not be written. */
export function notEncoded(cause: unknown): string {
  return `its properties cannot be encoded: ${messageOf(cause)}`
}

/** The error of a message that was not confirmed. */
export function publishError(
  outcome: PublishOutcome,
  { exchange, routingKey, properties }: OutgoingMessage,
  why: string,
  options?: FailureOptions,
): PublishError {
  return new PublishError(outcome, { exchange, routingKey, messageId: properties.messageId }, why, options)
}
