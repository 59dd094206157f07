import { array, type Field, fieldsOf, long, text, timestamp } from '../../wire/field.js'
import { FieldTable } from '../../wire/field-table.js'

/** The reason for which a queue gave a message up. */
export type DeathReason = 'rejected' | 'expired' | 'maxlen' | 'delivery_limit'

/** How often a message died for one reason in one queue. */
export interface Death {
  readonly queue: string
  readonly reason: string
  readonly count: number
  readonly exchange: string
  readonly routingKeys: readonly string[]
  /** The time of the first such death, in seconds since 1970. */
  readonly time: number
  readonly originalExpiration?: string | undefined
}

/** Adds a death at the front. An earlier death of the same queue and reason is removed, and its count goes on. */
export function withDeath(deaths: readonly Death[], death: Omit<Death, 'count'>): readonly Death[] {
  const isSame = (known: Death): boolean => known.queue === death.queue && known.reason === death.reason
  const known = deaths.find(isSame)
  const first = known === undefined ? { ...death, count: 1 } : { ...known, count: known.count + 1 }
  return [first, ...deaths.filter((other) => !isSame(other))]
}

/**
 * Whether a message would go in an endless circle: it was in this queue before, and no consumer has rejected it since.
 *
 * @see https://www.rabbitmq.com/docs/dlx#effects
 */
export function isCycle(queue: string, deaths: readonly Death[]): boolean {
  const last = deaths.findIndex((death) => death.queue === queue)
  return last >= 0 && deaths.slice(0, last + 1).every(({ reason }) => reason !== 'rejected')
}

/** Returns the header `x-death`. */
export function deathHeader(deaths: readonly Death[]): Field {
  return array(deaths.map((death) => ({ type: 'F', bytes: deathTable(death).encode() })))
}

function deathTable(death: Death): FieldTable {
  const expiration: [string, Field][] =
    death.originalExpiration === undefined ? [] : [['original-expiration', text(death.originalExpiration)]]
  return new FieldTable([
    ['count', long(death.count)],
    ['exchange', text(death.exchange)],
    ...expiration,
    ['queue', text(death.queue)],
    ['reason', text(death.reason)],
    ['routing-keys', array(death.routingKeys.map(text))],
    ['time', timestamp(death.time)],
  ])
}

/** Reads the header `x-death`. Entries that are not tables are left out. */
export function readDeaths(headers: FieldTable): readonly Death[] {
  const field = headers.get('x-death')
  if (field?.type !== 'A') return []
  return fieldsOf(field.bytes).flatMap((item) => (item.type === 'F' ? [readDeath(FieldTable.read(item.bytes))] : []))
}

function readDeath(table: FieldTable): Death {
  const keys = table.get('routing-keys')
  return {
    queue: table.text('queue') ?? '',
    reason: table.text('reason') ?? '',
    count: table.integer('count') ?? 1,
    exchange: table.text('exchange') ?? '',
    routingKeys: keys?.type === 'A' ? fieldsOf(keys.bytes).map((key) => key.bytes.toString('latin1')) : [],
    time: Number(table.get('time')?.type === 'T' ? table.get('time')?.bytes.readBigUInt64BE() : 0),
    originalExpiration: table.text('original-expiration'),
  }
}
