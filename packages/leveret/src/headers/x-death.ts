import type { Headers } from '../message/message.js'
import { dateOf } from '../message/timestamps.js'
import type { BrokerReason } from './dead-letter-reason.js'
import { isShortText } from './leveret-headers.js'

/** The latest dead-lettering of a message by RabbitMQ itself, from its `x-death` header. */
export interface Death {
  /** The reason; `unknown` when RabbitMQ uses a word that this version does not know. */
  readonly reason: BrokerReason | 'unknown'
  readonly queue: string
  /** The exchange to which the message was published before it came to that queue. */
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
 * Reads the `x-death` header, whose first entry is the latest. Publishers can write it too.
 *
 * @returns `undefined` when it is missing or malformed
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

/** Reads a timestamp inside a table, which amqplib marks with its type. */
function readTime(time: unknown): Date | undefined {
  return isTable(time) && time['!'] === 'timestamp' ? dateOf(time.value) : undefined
}

function isTable(value: unknown): value is Headers {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
