import type { Headers } from '../message/message.js'
import { dateOf } from '../message/timestamps.js'
import type { BrokerReason } from './dead-letter-reason.js'
import { isShortText } from './leveret-headers.js'

/** What RabbitMQ says of a message that it has dead-lettered. */
export interface Death {
  /** `unknown`: a word of the broker's that is not known here. */
  readonly reason: BrokerReason | 'unknown'
  readonly queue: string
  /** Where it was published before it was in that queue. */
  readonly exchange: string
  readonly routingKey: string
  readonly at: Date | undefined
}

const REASONS: ReadonlyMap<string, BrokerReason> = new Map([
  ['delivery_limit', 'delivery-limit'],
  ['expired', 'expired'],
  ['maxlen', 'max-length'],
  ['rejected', 'rejected'],
])

/**
 * Reads the `x-death` header, of which the first entry is the latest. Publishers can write it too.
 *
 * @returns `undefined` when it is missing or not as RabbitMQ writes it
 * @see https://www.rabbitmq.com/docs/dlx#effects
 */
export function readDeath(headers: Headers): Death | undefined {
  const { 'x-death': deaths } = headers
  const latest: unknown = Array.isArray(deaths) ? deaths[0] : undefined
  if (!isTable(latest)) return undefined
  const { reason, queue, exchange, time, 'routing-keys': routingKeys } = latest
  const routingKey: unknown = Array.isArray(routingKeys) ? routingKeys[0] : undefined
  if (!isShortText(reason) || !isShortText(queue) || !isShortText(exchange) || !isShortText(routingKey)) {
    return undefined
  }
  return { reason: REASONS.get(reason) ?? 'unknown', queue, exchange, routingKey, at: readTime(time) }
}

/** amqplib marks the type of a timestamp inside a table. */
function readTime(time: unknown): Date | undefined {
  return isTable(time) && time['!'] === 'timestamp' ? dateOf(time.value) : undefined
}

function isTable(value: unknown): value is Headers {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
