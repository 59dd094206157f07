import { nativeRetryOf, type RetryPolicy } from '../contract/queues/retry.js'
import { headersToCopy } from '../message/field-table.js'
import type { Headers, MessageProperties, ReceivedMessage } from '../message/message.js'
import { offsetOf } from '../message/stream-offset.js'
import { isCopied } from './broker-headers.js'
import { isKey, isKeys } from './leveret-headers.js'
import { readDeath } from './x-death.js'

/** What is known of a delivery's past: from leveret's own headers, and with native retry also from the broker's count. */
export interface Lineage {
  /** From 1: failed attempts before this one, plus one. */
  readonly attempt: number
  /** Where the message was first published. */
  readonly exchange: string
  readonly routingKey: string
  /** Of a stream: where the message stands there. */
  readonly offset?: number | undefined
}

const ATTEMPT = 'leveret-attempt'
const EXCHANGE = 'leveret-exchange'
const ROUTING_KEY = 'leveret-routing-key'
const REPLAYS = 'leveret-replays'
const REASON = 'leveret-reason'
const MAX_ATTEMPT = 1_000_000

/**
 * Reads the past of a delivery. With native retry the same message comes back, and only the broker counts its attempts, on top of
 * those that a postponed copy has brought along.
 */
export function lineageOf(message: ReceivedMessage, retry: RetryPolicy | false): Lineage {
  const written = readLineage(message)
  if (nativeRetryOf(retry) === undefined) return written
  const failed = readFailedDeliveries(message) ?? 0
  return { ...written, attempt: Math.min(written.attempt + failed, MAX_ATTEMPT) }
}

/** Knows the past of a delivery of a stream: the same delivery is the next attempt too, so nothing but this process counts them. */
export function streamLineage(message: ReceivedMessage, attempt: number): Lineage {
  const { exchange, routingKey } = message.fields
  return { attempt, exchange, routingKey, offset: offsetOf(message) }
}

/**
 * How often a delivery has come back to its quorum queue as failed.
 *
 * @returns `undefined` when it came back to a queue that counts nothing, as classic queues do
 */
export function readFailedDeliveries({ fields, properties }: ReceivedMessage): number | undefined {
  // What came for the first time may carry the count of a queue that it was in before, or a publisher's.
  if (!fields.redelivered) return 0
  const { 'x-delivery-count': failed, 'x-acquired-count': taken } = properties.headers ?? {}
  // Nor has it failed more often than it was taken, which the broker has counted in this queue, unless it is older than 4.3.
  if (isCount(failed)) return isCount(taken) && failed > taken ? 0 : failed
  return isCount(taken) ? 0 : undefined
}

/**
 * Reads the headers that leveret wrote on a copy. They count as a whole: when one is not as leveret writes it, all are
 * ignored, and the delivery is a first attempt.
 */
export function readLineage({ fields, properties }: ReceivedMessage): Lineage {
  const headers = properties.headers ?? {}
  const first = { attempt: 1, exchange: fields.exchange, routingKey: fields.routingKey }
  const attempt = headers[ATTEMPT]
  const exchange = headers[EXCHANGE]
  const routingKey = headers[ROUTING_KEY]
  // A copy comes back through the default exchange and no other.
  if (fields.exchange !== '' || !isKey(exchange) || !isKey(routingKey)) return first
  // A dead letter that was replayed, or moved back by hand, begins anew, and still knows where it came from.
  if (attempt === undefined && isCount(headers[REPLAYS])) return { attempt: 1, exchange, routingKey }
  if (!isCount(attempt)) return first
  return { attempt: wasDeadLetter(headers, fields.routingKey) ? 1 : attempt, exchange, routingKey }
}

/**
 * Whether a message was given up before it came to its queue: leveret's copies for a later attempt have neither a reason nor a
 * death in that very queue.
 */
function wasDeadLetter(headers: Headers, queue: string): boolean {
  return headers[REASON] !== undefined || readDeath(headers)?.queue === queue
}

/** What a replayed message carries in place of what it had as a dead letter: its attempts begin anew. */
export function writeReplay({ exchange, routingKey }: Omit<Lineage, 'attempt'>, replays: number): Headers {
  return { [REPLAYS]: replays, [EXCHANGE]: exchange, [ROUTING_KEY]: routingKey }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_ATTEMPT
}

/** The headers that {@link readLineage} reads. */
export function writeLineage({ attempt, exchange, routingKey }: Lineage): Headers {
  return { [ATTEMPT]: attempt, [EXCHANGE]: exchange, [ROUTING_KEY]: routingKey }
}

/** What tells copies of one message apart, which share its id: the attempt, the replay or the death that each is of, as it is written. */
export function copyMarkOf({ properties: { headers = {} } }: Pick<ReceivedMessage, 'properties'>): string {
  return `${headers[ATTEMPT] ?? ''}/${headers[REPLAYS] ?? ''}/${headers['leveret-dead-lettered-at'] ?? ''}`
}

/** What a copy keeps of the headers: those of other programs byte for byte. */
export function copiedHeaders(properties: MessageProperties): Headers {
  const cc = properties.headers?.CC
  return {
    ...headersToCopy(properties, isCopied),
    // An expiring copy would vanish from the queue that keeps it; a foreign user-id would be refused.
    ...(properties.expiration === undefined ? {} : { 'leveret-original-expiration': properties.expiration }),
    ...(properties.userId === undefined ? {} : { 'leveret-original-user-id': properties.userId }),
    ...(isKeys(cc) ? { 'leveret-original-cc': cc } : {}),
  }
}

/** The further routing keys of a message, also of a copy, which does not go to them again. */
export function copyKeysOf({ CC: cc, 'leveret-original-cc': original }: Headers): readonly string[] {
  if (isKeys(cc)) return cc
  return isKeys(original) ? original : []
}

/** After how many milliseconds a message would have expired; `undefined` where it says nothing, or no number. */
export function expirationOf({ expiration, headers = {} }: MessageProperties): number | undefined {
  const { 'leveret-original-expiration': original } = headers
  const text = expiration ?? original
  return typeof text === 'string' && /^\d{1,10}$/.test(text) ? Number(text) : undefined
}
