import { text } from '../../wire/field.js'
import type { FieldTable } from '../../wire/field-table.js'
import type { Profile } from '../rules/profile.js'
import { type Death, type DeathReason, deathHeader, readDeaths, withDeath } from './deaths.js'
import { Message, textsOf } from './message.js'

/** The death of a message, and where its dead letter goes. */
export interface DeadLetterRoute {
  readonly queue: string
  readonly reason: DeathReason
  /** The dead-letter exchange. */
  readonly exchange: string
  /** The dead-letter routing key of the queue; `undefined` to keep the message's own keys. */
  readonly routingKey: string | undefined
  readonly nowMs: number
  /** How many of its deliveries have failed, including those in earlier queues. */
  readonly failures: number
}

/** Returns the copy of a message that goes to the dead-letter exchange. */
export function deadLetterOf(message: Message, route: DeadLetterRoute, profile: Profile): Message {
  const known = profile.trustsDeaths ? readDeaths(message.headers) : message.deaths
  const { expiration, ...properties } = message.properties
  const deaths = withDeath(known, {
    queue: route.queue,
    reason: route.reason,
    exchange: message.exchange,
    routingKeys: [message.routingKey, ...textsOf(message.headers, 'CC')],
    time: Math.floor(route.nowMs / 1000),
    originalExpiration: expiration,
  })
  const kept = route.routingKey === undefined ? message.headers : message.headers.without('CC')
  return new Message({
    exchange: route.exchange,
    routingKey: route.routingKey ?? message.routingKey,
    properties: { ...properties, headers: withDeathHeaders(kept, deaths, profile) },
    body: message.body,
    deaths,
    failures: route.failures,
    blindKeys: route.routingKey === undefined ? message.blindKeys : [],
  })
}

function withDeathHeaders(headers: FieldTable, deaths: readonly Death[], profile: Profile): FieldTable {
  const [latest] = deaths
  if (latest === undefined) return headers
  let result = headers.with('x-death', deathHeader(deaths))
  if (
    headers.get('x-first-death-reason') === undefined ||
    (!profile.trustsDeaths && deaths.length === 1 && latest.count === 1)
  )
    result = withSummary(result, 'first', latest)
  return profile.lastDeathHeaders ? withSummary(result, 'last', latest) : result
}

function withSummary(headers: FieldTable, which: 'first' | 'last', { reason, queue, exchange }: Death): FieldTable {
  return headers
    .with(`x-${which}-death-reason`, text(reason))
    .with(`x-${which}-death-queue`, text(queue))
    .with(`x-${which}-death-exchange`, text(exchange))
}
