import { nativeRetryOf, type RetryPolicy } from '../contract/queues/retry.js'
import { headersToCopy } from '../message/field-table.js'
import type { Headers, MessageProperties, ReceivedMessage } from '../message/message.js'
import { offsetOf } from '../message/stream-offset.js'
import { isCopied } from './broker-headers.js'
import { isKey, isKeys } from './leveret-headers.js'
import { readDeath } from './x-death.js'

/**
 * The origin of a delivery: its attempt, and where it was first published. It is read from leveret's own headers; with
 * native retry also from the broker's delivery count.
 */
export interface AttemptOrigin {
  /** The number of this attempt, from 1: the failed attempts before it, plus one. */
  readonly attempt: number
  /** The exchange to which the message was first published. */
  readonly exchange: string
  readonly routingKey: string
  /** The offset of the message, where it comes from a stream. */
  readonly offset?: number | undefined
}

const ATTEMPT = 'leveret-attempt'
const EXCHANGE = 'leveret-exchange'
const ROUTING_KEY = 'leveret-routing-key'
const REPLAYS = 'leveret-replays'
const REASON = 'leveret-reason'
const MAX_ATTEMPT = 1_000_000

/**
 * Returns the function that reads the origin of a delivery. With native retry the same message is redelivered, and the
 * broker alone counts its attempts. That count is added to the attempts that a postponed copy carries in its headers.
 */
export function originReaderOf(retry: RetryPolicy | false): (message: ReceivedMessage) => AttemptOrigin {
  if (nativeRetryOf(retry) === undefined) return readOrigin
  return (message) => {
    const written = readOrigin(message)
    const failed = readFailedDeliveries(message) ?? 0
    return { ...written, attempt: Math.min(written.attempt + failed, MAX_ATTEMPT) }
  }
}

/**
 * Makes the origin of a delivery from a stream. The next attempt gets the same delivery again, so this process alone
 * counts the attempts.
 */
export function streamOrigin(message: ReceivedMessage, attempt: number): AttemptOrigin {
  const { exchange, routingKey } = message.fields
  return { attempt, exchange, routingKey, offset: offsetOf(message) }
}

/**
 * Reads how often a delivery came back to its quorum queue as failed.
 *
 * @returns `undefined` when it came back to a queue that does not count, such as a classic queue
 */
export function readFailedDeliveries({ fields, properties }: ReceivedMessage): number | undefined {
  // The count on a first delivery comes from another queue, in which the message was before, or from a publisher.
  if (!fields.redelivered) return 0
  const { 'x-delivery-count': failed, 'x-acquired-count': taken } = properties.headers ?? {}
  // It cannot have failed more often than it was acquired. RabbitMQ counts acquisitions in this queue since 4.3; older
  // versions do not count them.
  if (isCount(failed)) return isCount(taken) && failed > taken ? 0 : failed
  return isCount(taken) ? 0 : undefined
}

/**
 * Reads the headers that leveret wrote on a copy. They count as a whole: if one of them is malformed, all are ignored,
 * and the delivery is a first attempt.
 */
export function readOrigin({ fields, properties }: ReceivedMessage): AttemptOrigin {
  const headers = properties.headers ?? {}
  const first = { attempt: 1, exchange: fields.exchange, routingKey: fields.routingKey }
  const attempt = headers[ATTEMPT]
  const exchange = headers[EXCHANGE]
  const routingKey = headers[ROUTING_KEY]
  // Copies come back through the default exchange only.
  if (fields.exchange !== '' || exchange === undefined) return first
  if (!isKey(exchange) || !isKey(routingKey)) return first
  // A dead letter that was replayed, or moved back by hand, starts at attempt 1 and keeps its first exchange and
  // routing key.
  if (attempt === undefined && isCount(headers[REPLAYS])) return { attempt: 1, exchange, routingKey }
  if (!isCount(attempt)) return first
  return { attempt: wasDeadLetter(headers, fields.routingKey) ? 1 : attempt, exchange, routingKey }
}

/**
 * Whether a message was given up before it came to its queue. leveret's copies for a later attempt have no reason, and
 * no `x-death` entry of that queue.
 */
function wasDeadLetter(headers: Headers, queue: string): boolean {
  return headers[REASON] !== undefined || readDeath(headers)?.queue === queue
}

/**
 * The headers that replace those of a dead letter on a replayed message. They name no attempt, so attempts start at 1
 * again.
 */
export function writeReplay({ exchange, routingKey }: Omit<AttemptOrigin, 'attempt'>, replays: number): Headers {
  return { [REPLAYS]: replays, [EXCHANGE]: exchange, [ROUTING_KEY]: routingKey }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_ATTEMPT
}

/** The headers that {@link readOrigin} reads. */
export function writeOrigin({ attempt, exchange, routingKey }: AttemptOrigin): Headers {
  return { [ATTEMPT]: attempt, [EXCHANGE]: exchange, [ROUTING_KEY]: routingKey }
}

/**
 * Identifies a copy among the copies of one message, which share its id: by the attempt, the replay and the time of
 * death in its headers.
 */
export function copyMarkOf({ properties: { headers = {} } }: Pick<ReceivedMessage, 'properties'>): string {
  return `${headers[ATTEMPT] ?? ''}/${headers[REPLAYS] ?? ''}/${headers['leveret-dead-lettered-at'] ?? ''}`
}

/** The headers that a copy keeps. Those of other programs are kept byte for byte. */
export function copiedHeaders(properties: MessageProperties): Headers {
  const cc = properties.headers?.CC
  return {
    ...headersToCopy(properties, isCopied),
    // A copy with an expiration would vanish from its queue. The broker refuses a user-id that is not the connection's
    // user.
    ...(properties.expiration === undefined ? {} : { 'leveret-original-expiration': properties.expiration }),
    ...(properties.userId === undefined ? {} : { 'leveret-original-user-id': properties.userId }),
    ...(isKeys(cc) ? { 'leveret-original-cc': cc } : {}),
  }
}

/** The further routing keys (`CC`) of a message or of its copy. A copy is not sent to them again. */
export function copyKeysOf({ CC: cc, 'leveret-original-cc': original }: Headers): readonly string[] {
  if (isKeys(cc)) return cc
  return isKeys(original) ? original : []
}

/**
 * The milliseconds after which a message would have expired; `undefined` when it has no expiration, or one that is no
 * number.
 */
export function expirationOf({ expiration, headers = {} }: MessageProperties): number | undefined {
  const { 'leveret-original-expiration': original } = headers
  const text = expiration ?? original
  return typeof text === 'string' && /^\d{1,10}$/.test(text) ? Number(text) : undefined
}
