import { decodePayload } from '../contract/payloads/payload.js'
import type { Failure } from '../errors/failure.js'
import { PayloadError } from '../errors/payload-error.js'
import type { DeathReason } from '../headers/dead-letter-reason.js'
import { type LeveretHeaders, readLeveretHeaders } from '../headers/leveret-headers.js'
import { readDeath } from '../headers/x-death.js'
import { receivedHeaders } from '../message/field-table.js'
import type { Headers, ReceivedMessage } from '../message/message.js'
import { dateOf } from '../message/timestamps.js'
import type { LetterSource } from './letter-source.js'

/** A message that was given up, read from a dead-letter queue. */
export interface DeadLetter<Payload = unknown> {
  /** The message's own id; `undefined` when its sender set none and RabbitMQ itself dead-lettered it. */
  readonly messageId: string | undefined
  readonly reason: DeathReason
  /** The error of the last attempt; `undefined` when RabbitMQ itself dead-lettered the message. */
  readonly error: Failure | undefined
  /** Attempts that are known to have failed. An attempt that ended together with its process is not counted. */
  readonly attempts: number
  /** How often this message was replayed before. */
  readonly replays: number
  readonly deadLetteredAt: Date | undefined
  /**
   * The queue in which the message died; `undefined` when its headers do not say so, as when it was put there by hand.
   */
  readonly queue: string | undefined
  /** The exchange to which the message was first published. `''` is the default exchange. */
  readonly exchange: string
  readonly routingKey: string
  /** All headers as received, without a prototype. They come from outside: check them before use. */
  readonly headers: Headers
  readonly timestamp: Date | undefined
  readonly correlationId: string | undefined
  readonly content: Buffer
  readonly contentType: string | undefined
  /**
   * How often the message was taken from its queue and came back; `undefined` on classic queues. RabbitMQ 4 reports the
   * count of the queue in which the message died, until the message first comes back to the dead-letter queue.
   */
  readonly deliveryCount: number | undefined
  /**
   * Decodes the content and checks it against the contract, as a worker would.
   *
   * @throws {@link PayloadError} (as a rejection) the content does not fit, as it never does with the reason
   *   `invalid-payload`; or the message died in another queue, whose contract shares the dead-letter queue
   */
  payload(): Promise<Payload>
}

/** The fields of a dead letter that come either from leveret's headers or from RabbitMQ's `x-death`. */
type Account = Pick<
  DeadLetter,
  'reason' | 'error' | 'attempts' | 'deadLetteredAt' | 'queue' | 'exchange' | 'routingKey'
>

/**
 * Reads a message of a dead-letter queue, whichever program put it there. Never throws: headers come from outside, and
 * those that neither leveret nor RabbitMQ could have written are ignored.
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

/** Rejects a letter of another queue: its content may fit this contract's schema by chance, and mean something else. */
function refuseForeign({ queue }: Account, { name }: LetterSource): void {
  if (queue === undefined || queue === name) return
  throw new PayloadError('incoming', name, [{ path: [], message: `it died in the queue '${queue}'` }])
}

function unknownKey({ routingKey }: Account, { name }: LetterSource): PayloadError {
  const message = `no template of the exchange matches the routing key '${routingKey}', or no binding key asks for it`
  return new PayloadError('incoming', name, [{ path: [], message }])
}

/** Reads how often a message came back to its quorum queue, as RabbitMQ counts it. */
export function readDeliveryCount({ 'x-delivery-count': count }: Headers): number | undefined {
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : undefined
}

/** Reads the account of a copy that leveret made. */
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

/**
 * Reads the account of a message that RabbitMQ itself dead-lettered. The message may have been a copy on its way to a
 * later attempt: then leveret's headers name the exchange and the routing key of the original.
 */
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
