import type { CopyKind, Headers, MessageProperties, OutgoingMessage, ReceivedMessage } from '../connection/message.js'
import { propertyBytes } from '../connection/property-bytes.js'
import type { DeadLetterSettings } from '../contract/dead-letter-options.js'
import type { Failure } from '../contract/failure.js'
import { newMessageId } from '../message-id.js'
import type { DeadLetter } from './dead-letter.js'
import { failureHeaders, headersWithin, keptFailure } from './failure-headers.js'
import { soundHeaders } from './leveret-headers.js'
import { copiedHeaders, type Lineage, writeLineage, writeReplay } from './lineage.js'
import type { DeadLetterReason } from './verdict.js'

const PRIORITY = 'leveret-original-priority'

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

/**
 * The copy that goes back to the work queue: a first attempt. An expiration that it once had stays out, because it would
 * expire again at once.
 */
export function replayCopy(message: ReceivedMessage, letter: DeadLetter, workQueue: string): OutgoingMessage {
  const {
    'leveret-attempt': _attempt,
    'leveret-original-expiration': _expiration,
    ...headers
  } = withoutDeath(soundHeaders(copiedHeaders(message.properties)))
  const { queue, exchange, routingKey, replays } = letter
  const origin = queue === undefined ? { exchange: '', routingKey: workQueue } : { exchange, routingKey }
  return withItsPriority(copy('replay', message, workQueue, { ...headers, ...writeReplay(origin, replays + 1) }))
}

/** The same dead letter for another queue. */
export function letterCopy(message: ReceivedMessage, letter: DeadLetter, queue: string): OutgoingMessage {
  return withItsPriority(copy('move', message, queue, letterHeaders(message, letter)))
}

/**
 * The same dead letter for the end of its own queue. RabbitMQ 4.3 delivers by priority, and takes none for 4: with any but the
 * lowest it would come before others that wait for longer. So its own is kept in a header, until it leaves the queue.
 */
export function renewedCopy(message: ReceivedMessage, letter: DeadLetter, queue: string): OutgoingMessage {
  const headers = letterHeaders(message, letter)
  const { properties, ...outgoing } = copy('move', message, queue, headers)
  const kept = { ...headers, [PRIORITY]: headers[PRIORITY] ?? properties.priority ?? 'none' }
  return { ...outgoing, properties: { ...properties, priority: 0, headers: kept } }
}

/** What only RabbitMQ had said of a letter is written in leveret's way, because copies do not carry the broker's own headers. */
function letterHeaders(message: ReceivedMessage, letter: DeadLetter): Headers {
  const headers = soundHeaders(copiedHeaders(message.properties))
  const { reason, queue, deadLetteredAt: at, attempts: attempt, exchange, routingKey } = letter
  if (queue === undefined) return headers
  return { ...headers, ...writeLineage({ attempt, exchange, routingKey }), ...deathHeaders({ queue, reason, at }) }
}

/** Takes the priority back from the header that {@link renewedCopy} writes. */
function withItsPriority(outgoing: OutgoingMessage): OutgoingMessage {
  const { [PRIORITY]: kept, ...headers } = outgoing.properties.headers ?? {}
  if (kept === undefined) return outgoing
  const { priority: _lowest, ...properties } = outgoing.properties
  const priority = typeof kept === 'number' ? { priority: kept } : {}
  return { ...outgoing, properties: { ...properties, ...priority, headers } }
}

function deathHeaders({ queue, reason, at }: { queue: string; reason: string; at: Date | undefined }): Headers {
  return {
    'leveret-queue': queue,
    'leveret-reason': reason,
    ...(at === undefined ? {} : { 'leveret-dead-lettered-at': at.toISOString() }),
  }
}

/** Leaves out what an earlier death has written: it says nothing of the next one, nor of the attempts that follow. */
function withoutDeath(headers: Headers): Headers {
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

function copy(
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
