import type { DeadLetterSettings } from '../contract/queues/dead-letter-options.js'
import type { Failure } from '../errors/failure.js'
import type { CopyKind, Headers, MessageProperties, OutgoingMessage, ReceivedMessage } from '../message/message.js'
import { newMessageId } from '../message/message-id.js'
import { propertyBytes } from '../message/property-bytes.js'
import { copiedHeaders, type Lineage, writeLineage } from './attempt-headers.js'
import type { DeadLetterReason } from './dead-letter-reason.js'
import { failureHeaders, headersWithin, keptFailure } from './failure-headers.js'
import { soundHeaders } from './leveret-headers.js'

/** Makes the copy that waits in a delay queue for the next attempt. */
export function retryCopy(message: ReceivedMessage, lineage: Lineage, delayQueue: string): OutgoingMessage {
  return postponedCopy(message, { ...lineage, attempt: lineage.attempt + 1 }, delayQueue)
}

/** Makes the copy that waits in a delay queue for the same attempt. */
export function postponedCopy(message: ReceivedMessage, lineage: Lineage, delayQueue: string): OutgoingMessage {
  return copy('retry', message, delayQueue, {
    ...withoutDeath(copiedHeaders(message.properties)),
    ...writeLineage(lineage),
  })
}

/** What is kept of a delivery that was given up. */
export interface DeadLetterNote {
  readonly queue: string
  readonly reason: DeadLetterReason
  readonly failure: Failure
  readonly at: Date
}

/**
 * The copy that is kept in the dead-letter queue. Where it does not fit, its error is cut and other programs' headers are left out, so
 * that it is kept all the same.
 */
export function deadLetterCopy(
  message: ReceivedMessage,
  lineage: Lineage,
  settings: Pick<DeadLetterSettings, 'queue' | 'stack' | 'redact'>,
  { queue, reason, failure, at }: DeadLetterNote,
): OutgoingMessage {
  const headers = {
    ...withoutDeath(soundHeaders(copiedHeaders(message.properties))),
    ...writeLineage(lineage),
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

/** Writes why a message is in a dead-letter queue. */
export function deathHeaders({ queue, reason, at }: { queue: string; reason: string; at: Date | undefined }): Headers {
  return {
    'leveret-queue': queue,
    'leveret-reason': reason,
    ...(at === undefined ? {} : { 'leveret-dead-lettered-at': at.toISOString() }),
  }
}

/** Leaves out what an earlier death has written: it says nothing of the next one, nor of the attempts that follow. */
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

/** Copies a message to a queue, with these headers. */
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

/** What fills all 64 bits, as a time before 1970 does, amqplib reads and rounds to a number that it cannot write. */
function writable(timestamp: number | undefined): Pick<MessageProperties, 'timestamp'> {
  return timestamp === undefined || timestamp >= 2 ** 64 ? {} : { timestamp }
}
