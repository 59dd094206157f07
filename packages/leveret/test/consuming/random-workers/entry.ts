/** How a delivery ends: each that was read in exactly one of these. */
export const settlements = [
  'acked',
  'retried',
  'dead-lettered',
  'dropped',
  'stale',
  'stuck',
  'ignored',
  'skipped',
  'postponed',
  'requeued',
  'given-back',
] as const

/** How a delivery ends. */
export type SettlementName = (typeof settlements)[number]

/** What else a worker tells. */
export const others = [
  'delivery.copy-refused',
  'delivery.settled-twice',
  'delivery.isolated',
  'delivery.not-remembered',
  'handler.late',
  'close.incomplete',
  'consumer.cancelled',
  'channel.lost',
  'consume-failed',
  'paused',
] as const

/** All that is known of the messages of one id. */
export interface Entry {
  readonly n: number
  readonly id: string
  /** How many were confirmed. */
  published: number
  /** How often one was read. */
  decoded: number
  /** How often a handler began, and did all that it had to do. */
  begun: number
  done: number
  readonly events: Map<SettlementName, number>
  /** Names of the queues in which it was at the end. */
  readonly stored: string[]
  /** How often it was acknowledged before its handler, on a channel that was lost then: the broker has it again, or it is gone. */
  mayBeGone: number
  /** It may have been in a queue that was deleted. */
  isDestroyed: boolean
  readonly trace: string[]
}

/** How often a worker reported it. */
export function eventsOf({ events }: Entry, name: SettlementName): number {
  return events.get(name) ?? 0
}

/** How many ends of deliveries were reported. */
export function reported(entry: Entry): number {
  return settlements.reduce((sum, name) => sum + eventsOf(entry, name), 0)
}

/** How often its final end was reported. */
export function ends(entry: Entry): number {
  const reported = (['acked', 'skipped', 'dropped', 'dead-lettered'] as const).map((name) => eventsOf(entry, name))
  return reported.reduce((sum, count) => sum + count, entry.mayBeGone)
}

/** One of which nothing is known yet. */
export function newEntry(n: number, id: string): Entry {
  const none = { published: 0, decoded: 0, begun: 0, done: 0, mayBeGone: 0, isDestroyed: false }
  return { n, id, ...none, events: new Map(), stored: [], trace: [] }
}
