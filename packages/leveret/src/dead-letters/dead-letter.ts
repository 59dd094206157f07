import { decodePayload } from '../contract/payloads/payload.js'
import { PayloadError } from '../errors/errors.js'
import type { Failure } from '../errors/failure.js'
import type { DeathReason } from '../headers/dead-letter-reason.js'
import { type LeveretHeaders, readLeveretHeaders } from '../headers/leveret-headers.js'
import { readDeath } from '../headers/x-death.js'
import { receivedHeaders } from '../message/field-table.js'
import type { Headers, ReceivedMessage } from '../message/message.js'
import { dateOf } from '../message/timestamps.js'
import type { LetterSource } from './letter-source.js'

/** A message that was given up, as it is kept in a dead-letter queue. */
export interface DeadLetter<Payload = unknown> {
  /** The same as ever; `undefined` when its sender set none and RabbitMQ itself dead-lettered it. */
  readonly messageId: string | undefined
  readonly reason: DeathReason
  /** What the last attempt failed with; `undefined` when RabbitMQ itself dead-lettered it. */
  readonly error: Failure | undefined
  /** Attempts that are known to have failed. One that ended with its process is known to nobody. */
  readonly attempts: number
  /** How often it was replayed before. */
  readonly replays: number
  readonly deadLetteredAt: Date | undefined
  /** The queue that it died in; `undefined` when it does not say so, as what was put there by hand. */
  readonly queue: string | undefined
  /** Where it was first published. `''` is the default exchange. */
  readonly exchange: string
  readonly routingKey: string
  /** All of them as received, without a prototype. From outside: check before use. */
  readonly headers: Headers
  readonly timestamp: Date | undefined
  readonly correlationId: string | undefined
  readonly content: Buffer
  readonly contentType: string | undefined
  /**
   * How often it was taken from its queue and came back; `undefined` on classic queues. Until that happens in the
   * dead-letter queue, RabbitMQ 4 tells the count of the queue it died in.
   */
  readonly deliveryCount: number | undefined
  /**
   * Decodes the content and checks it against the contract, as a worker would.
   *
   * @throws {@link PayloadError} as a rejection: it does not fit, as an `invalid-payload` never will, or it is of another queue,
   *   whose contract shares the dead-letter queue
   */
  payload(): Promise<Payload>
}

/** Who has said what of a death: the part that leveret and RabbitMQ each tell in their own way. */
type Account = Pick<
  DeadLetter,
  'reason' | 'error' | 'attempts' | 'deadLetteredAt' | 'queue' | 'exchange' | 'routingKey'
>

/**
 * Reads a message of a dead-letter queue, whoever put it there. Never throws: headers come from outside, and those that are
 * not as leveret or RabbitMQ write them are ignored.
 */
export function readDeadLetter({ content, fields, properties }: ReceivedMessage, source: LetterSource): DeadLetter {
  const headers = receivedHeaders(properties)
  const ours = readLeveretHeaders(headers)
  const { messageId, timestamp, correlationId, contentType } = properties
  const account = readOurs(ours) ?? readBrokers(headers, ours) ?? readNobodys(fields)
  const found = source.find(account.routingKey)
  return {
    ...(source.hasTemplates ? { template: found?.template } : {}),
    messageId: messageId || undefined,
    ...account,
    replays: ours['leveret-replays'] ?? 0,
    headers,
    timestamp: dateOf(timestamp),
    correlationId,
    content,
    contentType,
    deliveryCount: readDeliveryCount(headers),
    payload: async () => {
      refuseForeign(account, source)
      if (found === undefined) throw unknownKey(account, source)
      return await decodePayload(found.contract, content, properties)
    },
  }
}

/** What fits by chance is not what its sender meant. */
function refuseForeign({ queue }: Account, { name }: LetterSource): void {
  if (queue === undefined || queue === name) return
  throw new PayloadError('incoming', name, [{ path: [], message: `it died in the queue '${queue}'` }])
}

function unknownKey({ routingKey }: Account, { name }: LetterSource): PayloadError {
  const message = `no template of the exchange matches the routing key '${routingKey}', or no binding key asks for it`
  return new PayloadError('incoming', name, [{ path: [], message }])
}

/** How often RabbitMQ saw a message come back to its quorum queue. */
export function readDeliveryCount({ 'x-delivery-count': count }: Headers): number | undefined {
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : undefined
}

/** A copy that leveret made. */
function readOurs(headers: LeveretHeaders): Account | undefined {
  const {
    'leveret-reason': reason,
    'leveret-queue': queue,
    'leveret-dead-lettered-at': at,
    'leveret-attempt': attempts,
    'leveret-exchange': exchange,
    'leveret-routing-key': routingKey,
  } = headers
  if (reason === undefined || queue === undefined || attempts === undefined) return undefined
  if (exchange === undefined || routingKey === undefined) return undefined
  const deadLetteredAt = at === undefined ? undefined : new Date(at)
  return { reason, error: readError(headers), attempts, deadLetteredAt, queue, exchange, routingKey }
}

function readError(headers: LeveretHeaders): Failure | undefined {
  const { 'leveret-error-name': name, 'leveret-error-message': message, 'leveret-error-stack': stack } = headers
  if (name === undefined || message === undefined) return undefined
  return stack === undefined ? { name, message } : { name, message, stack }
}

/** What RabbitMQ dead-lettered may have been on its way to a later attempt: then leveret knows where it came from. */
function readBrokers(headers: Headers, ours: LeveretHeaders): Account | undefined {
  const death = readDeath(headers)
  if (death === undefined) return undefined
  const {
    'leveret-attempt': attempt = 1,
    'leveret-exchange': exchange = death.exchange,
    'leveret-routing-key': routingKey = death.routingKey,
  } = ours
  const attempts = Math.max(attempt - 1, 0)
  const { reason, queue, at } = death
  return { reason, error: undefined, attempts, deadLetteredAt: at, queue, exchange, routingKey }
}

function readNobodys({ exchange, routingKey }: ReceivedMessage['fields']): Account {
  return {
    reason: 'unknown',
    error: undefined,
    attempts: 0,
    deadLetteredAt: undefined,
    queue: undefined,
    exchange,
    routingKey,
  }
}
