import type { QueueType } from '../arguments.js'
import type { Place } from '../clients/client.js'
import type { Stopwatch } from '../stopwatch.js'
import type { Order } from './order.js'
import type { Target } from './target.js'

/** One row of a workload's table for each contender. */
export interface Case {
  readonly queue: QueueType
  /** Messages under way at once: unconfirmed, unacknowledged, or unanswered. */
  readonly atOnce: number
  /** Of a message's JSON. */
  readonly bytes: number
  /** Messages of one run. */
  readonly messages: number
  /** One of those that are asked about first: the workload's `peers` take part, and a quick look takes no others. */
  readonly headline?: boolean
  /** What leveret should reach, compared with the first contender. */
  readonly target?: Target
}

/** Where a case is measured, and how much. */
export interface Site extends Place, Pick<Case, 'atOnce' | 'messages'> {
  /** What is to be sent, of as many bytes as the case says. */
  readonly order: Order
}

/** A contender that is connected. */
export interface Session {
  /** Does the work once. Starts the watch when the work begins, not before, and stops it when the work is done. */
  run(watch: Stopwatch): Promise<void>
  close(): Promise<void>
}

/** A client that does the work its way. */
export interface Contender {
  readonly client: string
  open(site: Site): Promise<Session>
}

/** Work that several clients do alike, and what it leaves behind, so that a client that skips some of it is found out. */
export interface Workload {
  /** Stands above the table. */
  readonly title: string
  /** What {@link Case.atOnce} is here. */
  readonly atOnce: 'window' | 'prefetch' | 'at once'
  /** Whether a run finds its messages in the queue. */
  readonly before: 'empty' | 'full'
  /** Whether a run leaves its messages in the queue. */
  readonly after: 'empty' | 'full'
  readonly cases: readonly Case[]
  /** The first is what the others are compared with. */
  readonly contenders: readonly [Contender, ...Contender[]]
  /** Those that take part in some cases only. */
  readonly peers: readonly Contender[]
  /** Where one run is so long that more rounds would take hours. */
  readonly mostRounds?: number
}
