import { copiedHeaders, writeOrigin, writeReplay } from '../headers/attempt-headers.js'
import { copy, deathHeaders, withoutDeath } from '../headers/copies.js'
import { soundHeaders } from '../headers/leveret-headers.js'
import type { Headers, OutgoingMessage, ReceivedMessage } from '../message/message.js'
import type { DeadLetter } from './dead-letter.js'

const PRIORITY = 'leveret-original-priority'

/**
 * Makes the copy that goes back to the work queue as a first attempt. The copy has no expiration, even where the
 * original had one, because it would expire again at once.
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

/** Makes a copy of the same dead letter for another queue. */
export function letterCopy(message: ReceivedMessage, letter: DeadLetter, queue: string): OutgoingMessage {
  return withItsPriority(copy('move', message, queue, letterHeaders(message, letter)))
}

/**
 * Makes a copy of the same dead letter for the end of its own queue. RabbitMQ 4.3 delivers by priority, and treats a
 * missing priority as 4, so a copy with any but the lowest priority would overtake letters that have waited longer. The
 * copy has priority 0, and its own priority waits in a header until it leaves the queue.
 */
export function renewedCopy(message: ReceivedMessage, letter: DeadLetter, queue: string): OutgoingMessage {
  const headers = letterHeaders(message, letter)
  const { properties, ...outgoing } = copy('move', message, queue, headers)
  const kept = { ...headers, [PRIORITY]: headers[PRIORITY] ?? properties.priority ?? 'none' }
  return { ...outgoing, properties: { ...properties, priority: 0, headers: kept } }
}

/**
 * Adds leveret's headers for what only RabbitMQ's headers say of a letter, because copies do not carry the broker's own
 * headers.
 */
function letterHeaders(message: ReceivedMessage, letter: DeadLetter): Headers {
  const headers = soundHeaders(copiedHeaders(message.properties))
  const { reason, queue, deadLetteredAt: at, attempts: attempt, exchange, routingKey } = letter
  if (queue === undefined) return headers
  return { ...headers, ...writeOrigin({ attempt, exchange, routingKey }), ...deathHeaders({ queue, reason, at }) }
}

/** Restores the priority from the header that {@link renewedCopy} writes. */
function withItsPriority(outgoing: OutgoingMessage): OutgoingMessage {
  const { [PRIORITY]: kept, ...headers } = outgoing.properties.headers ?? {}
  if (kept === undefined) return outgoing
  const { priority: _lowest, ...properties } = outgoing.properties
  const priority = typeof kept === 'number' ? { priority: kept } : {}
  return { ...outgoing, properties: { ...properties, ...priority, headers } }
}
