import type { QueueType } from '../arguments.js'
import type { Place } from '../clients/client.js'
import type { Stopwatch } from '../stopwatch.js'
import type { Order } from './order.js'
import type { Payload } from './payload.js'
import type { Target } from './target.js'

/** A case of a workload: one row of its table for each contender. */
export interface Case {
  readonly queue: QueueType
  /** How many messages are in progress at once: unconfirmed, unacknowledged, or unanswered. Of a rate: a second. */
  readonly atOnce: number
  /** Content of each message. */
  readonly payload: Payload
  /** How many messages a run has. */
  readonly messages: number
  /** Whether the case matters most: the workload's `peers` take part, and a quick run measures no others. */
  readonly headline?: boolean
  /** Targets of leveret. */
  readonly targets?: readonly Target[]
}

/** Place and amount of a case. */
export interface Site extends Place, Pick<Case, 'atOnce' | 'messages'> {
  /** The order to send. */
  readonly order: Order
}

/** A connected contender. */
export interface Session {
  /** Does the work once. Starts the watch when the work begins, and stops it when the work is done. */
  run(watch: Stopwatch): Promise<void>
  close(): Promise<void>
}

/** A client that does the work in its own way. */
export interface Contender {
  readonly client: string
  /** Says in which cases the client takes part; by default in each. */
  takesPart?(one: Case): boolean
  open(site: Site): Promise<Session>
}

/** Work that several clients do in the same way. Its leftovers are checked, to catch a client that skips some of it. */
export interface Workload {
  /** Title above the table. */
  readonly title: string
  /** Meaning of {@link Case.atOnce} in this workload. */
  readonly atOnce: 'window' | 'prefetch' | 'at once' | 'a second'
  /** Whether a run finds its messages in the queue. */
  readonly before: 'empty' | 'full'
  /** Whether a run leaves its messages in the queue. */
  readonly after: 'empty' | 'full'
  readonly cases: readonly Case[]
  /** The contenders. The others are compared with the first. */
  readonly contenders: readonly [Contender, ...Contender[]]
  /** Contenders that take part in headline cases only. */
  readonly peers: readonly Contender[]
  /** The most rounds, if one run takes long. */
  readonly mostRounds?: number
  /** How often the memory is read, in milliseconds, where reading it as often as usual would be seen in the figures. */
  readonly lookMs?: number
}
