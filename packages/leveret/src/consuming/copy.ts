import type { Headers, MessageProperties, OutgoingMessage, ReceivedMessage } from '../connection/message.js'
import { propertyBytes } from '../connection/property-bytes.js'
import type { Failure } from '../contract/failure.js'
import type { DeadLetterSettings } from '../contract/work-queue.js'
import { newMessageId } from '../message-id.js'
import type { DeadLetter } from './dead-letter.js'
import { failureHeaders, headersWithin, keptFailure } from './failure-headers.js'
import { soundHeaders } from './leveret-headers.js'
import { copiedHeaders, type Lineage, returnsOf, writeLineage, writeReplay, writeReturns } from './lineage.js'
import type { DeadLetterReason } from './verdict.js'

/** The copy that waits in a delay queue for the next attempt. */
export function retryCopy(message: ReceivedMessage, lineage: Lineage, delayQueue: string): OutgoingMessage {
  return attemptCopy(message, { ...lineage, attempt: lineage.attempt + 1 }, delayQueue, 0)
}

/** The copy that waits in a delay queue for the same attempt. What it has come back so far is not forgotten over that. */
export function postponedCopy(message: ReceivedMessage, lineage: Lineage, delayQueue: string): OutgoingMessage {
  return attemptCopy(message, lineage, delayQueue, returnsOf(message))
}

/**
 * The copy that takes the place of a message, at the end of its queue, for the same attempt.
 *
 * @param returns - how often it has come back unsettled
 */
export function recountedCopy(
  message: ReceivedMessage,
  lineage: Lineage,
  queue: string,
  returns: number,
): OutgoingMessage {
  return attemptCopy(message, lineage, queue, returns)
}

function attemptCopy(message: ReceivedMessage, lineage: Lineage, queue: string, returns: number): OutgoingMessage {
  const headers = { ...copiedHeaders(message.properties), ...writeLineage(lineage), ...writeReturns(returns) }
  return copy(message, queue, headers)
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
  settings: DeadLetterSettings,
  { queue, reason, failure, at }: DeadLetterNote,
): OutgoingMessage {
  const headers = {
    ...withoutDeath(soundHeaders(copiedHeaders(message.properties))),
    ...writeLineage(lineage),
    ...deathHeaders({ queue, reason, at }),
  }
  const kept = keptFailure(failure, settings)
  const whole = copy(message, settings.queue, { ...headers, ...failureHeaders(kept, headers) })
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
  return copy(message, workQueue, { ...headers, ...writeReplay(origin, replays + 1) })
}

/**
 * The same dead letter for another queue, or for the same one again. What only RabbitMQ had said of it is told in leveret's
 * way, because brokers do not keep what a publisher writes into their own headers.
 */
export function letterCopy(message: ReceivedMessage, letter: DeadLetter, queue: string): OutgoingMessage {
  const headers = soundHeaders(copiedHeaders(message.properties))
  const { reason, queue: diedIn, deadLetteredAt: at, attempts: attempt, exchange, routingKey } = letter
  if (reason === 'unknown' || diedIn === undefined) return copy(message, queue, headers)
  return copy(message, queue, {
    ...headers,
    ...writeLineage({ attempt, exchange, routingKey }),
    ...deathHeaders({ queue: diedIn, reason, at }),
  })
}

function deathHeaders({ queue, reason, at }: { queue: string; reason: string; at: Date | undefined }): Headers {
  return {
    'leveret-queue': queue,
    'leveret-reason': reason,
    ...(at === undefined ? {} : { 'leveret-dead-lettered-at': at.toISOString() }),
  }
}

/** Of an earlier death nothing is to be left beside what is told of this one, or of the attempts that follow. */
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

function copy({ content, properties }: ReceivedMessage, queue: string, headers: Headers): OutgoingMessage {
  const { expiration: _expiration, userId: _userId, messageId, timestamp, ...kept }: MessageProperties = properties
  return {
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
