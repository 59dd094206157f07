import type { DeadLetterSettings } from '../contract/queues/dead-letter-options.js'
import type { Failure } from '../errors/failure.js'
import type { CopyKind, Headers, MessageProperties, OutgoingMessage, ReceivedMessage } from '../message/message.js'
import { newMessageId } from '../message/message-id.js'
import { propertyBytes } from '../message/property-bytes.js'
import { type AttemptOrigin, copiedHeaders, writeOrigin } from './attempt-headers.js'
import type { DeadLetterReason } from './dead-letter-reason.js'
import { failureHeaders, headersWithin, keptFailure } from './failure-headers.js'
import { soundHeaders } from './leveret-headers.js'

/** Makes the copy that waits in a delay queue for the next attempt. */
export function retryCopy(message: ReceivedMessage, origin: AttemptOrigin, delayQueue: string): OutgoingMessage {
  return postponedCopy(message, { ...origin, attempt: origin.attempt + 1 }, delayQueue)
}

/** Makes the copy that waits in a delay queue for the same attempt. */
export function postponedCopy(message: ReceivedMessage, origin: AttemptOrigin, delayQueue: string): OutgoingMessage {
  return copy('retry', message, delayQueue, {
    ...withoutDeath(copiedHeaders(message.properties)),
    ...writeOrigin(origin),
  })
}

/** The reason, the error, the queue and the time that are recorded on a dead letter. */
export interface DeadLetterNote {
  readonly queue: string
  readonly reason: DeadLetterReason
  readonly failure: Failure
  readonly at: Date
}

/**
 * Makes the copy for the dead-letter queue. If it is too large, its error is cut and headers of other programs are left
 * out, so that it can be stored all the same.
 */
export function deadLetterCopy(
  message: ReceivedMessage,
  origin: AttemptOrigin,
  settings: Pick<DeadLetterSettings, 'queue' | 'stack' | 'redact'>,
  { queue, reason, failure, at }: DeadLetterNote,
): OutgoingMessage {
  const headers = {
    ...withoutDeath(soundHeaders(copiedHeaders(message.properties))),
    ...writeOrigin(origin),
    ...deathHeaders({ queue, reason, at }),
  }
  const kept = keptFailure(failure, settings)
  const whole = copy('dead-letter', message, settings.queue, { ...headers, ...failureHeaders(kept, headers) })
  const { headers: _all, ...others } = whole.properties
  const shrink = (maxPropertyBytes: number): MessageProperties => ({
    ...others,
    headers: headersWithin(maxPropertyBytes - propertyBytes(others), headers, kept),
  })
  return { ...whole, shrink }
}

/** The headers that say why a message is in a dead-letter queue. */
export function deathHeaders({ queue, reason, at }: { queue: string; reason: string; at: Date | undefined }): Headers {
  return {
    'leveret-queue': queue,
    'leveret-reason': reason,
    ...(at === undefined ? {} : { 'leveret-dead-lettered-at': at.toISOString() }),
  }
}

/** Removes the headers of an earlier death: they do not describe the next one, or the attempts that follow. */
export function withoutDeath(headers: Headers): Headers {
  const {
    'leveret-queue': _queue,
    'leveret-reason': _reason,
    'leveret-error-name': _name,
    'leveret-error-message': _message,
    'leveret-error-stack': _stack,
    'leveret-dead-lettered-at': _at,
    ...kept
  } = headers
  return kept
}

/** Makes a copy of a message for a queue, with these headers. */
export function copy(
  kind: CopyKind,
  { content, properties }: ReceivedMessage,
  queue: string,
  headers: Headers,
): OutgoingMessage {
  const { expiration: _expiration, userId: _userId, messageId, timestamp, ...kept }: MessageProperties = properties
  return {
    copy: kind,
    exchange: '',
    routingKey: queue,
    content,
    mandatory: true,
    properties: { ...kept, ...writable(timestamp), messageId: messageId || newMessageId(), headers },
  }
}

/**
 * Drops a timestamp that fills all 64 bits, such as a time before 1970: amqplib rounds it to a number that it cannot
 * write.
 */
function writable(timestamp: number | undefined): Pick<MessageProperties, 'timestamp'> {
  return timestamp === undefined || timestamp >= 2 ** 64 ? {} : { timestamp }
}
