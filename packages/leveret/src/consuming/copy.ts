import type { Headers, OutgoingMessage, ReceivedMessage } from '../connection/message.js'
import { newMessageId } from '../message-id.js'
import { copiedHeaders, type Lineage, writeLineage } from './lineage.js'
import type { DeadLetterReason, Failure } from './verdict.js'

/** Error texts come from anywhere; RabbitMQ wants all headers of a message in one frame. */
const MAX_TEXT_BYTES = 4_096

/** The copy that waits in a delay queue for the next attempt. */
export function retryCopy(message: ReceivedMessage, lineage: Lineage, delayQueue: string): OutgoingMessage {
  return copy(message, delayQueue, writeLineage({ ...lineage, attempt: lineage.attempt + 1 }))
}

/** What is kept of a delivery that was given up. */
export interface DeadLetterNote {
  readonly queue: string
  readonly reason: DeadLetterReason
  readonly failure: Failure
  readonly at: Date
}

/** The copy that is kept in the dead-letter queue. */
export function deadLetterCopy(
  message: ReceivedMessage,
  lineage: Lineage,
  deadLetterQueue: string,
  { queue, reason, failure, at }: DeadLetterNote,
): OutgoingMessage {
  return copy(message, deadLetterQueue, {
    ...writeLineage(lineage),
    'leveret-queue': queue,
    'leveret-reason': reason,
    'leveret-error-name': cut(failure.name, 256),
    'leveret-error-message': cut(failure.message, MAX_TEXT_BYTES),
    'leveret-dead-lettered-at': at.toISOString(),
  })
}

function copy({ content, properties }: ReceivedMessage, queue: string, headers: Headers): OutgoingMessage {
  const { expiration: _expiration, userId: _userId, messageId, ...kept } = properties
  return {
    exchange: '',
    routingKey: queue,
    content,
    mandatory: true,
    properties: {
      ...kept,
      messageId: messageId ?? newMessageId(),
      headers: { ...copiedHeaders(properties), ...headers },
    },
  }
}

/** Cuts to so many bytes of UTF-8, never inside a character. */
function cut(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text)
  return bytes.length <= maxBytes
    ? text
    : `${bytes
        .subarray(0, maxBytes)
        .toString()
        .replace(/\uFFFD$/, '')}…`
}
