import { copiedHeaders, writeLineage, writeReplay } from '../headers/attempt-headers.js'
import { copy, deathHeaders, withoutDeath } from '../headers/copies.js'
import { soundHeaders } from '../headers/leveret-headers.js'
import type { Headers, OutgoingMessage, ReceivedMessage } from '../message/message.js'
import type { DeadLetter } from './dead-letter.js'

const PRIORITY = 'leveret-original-priority'

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
