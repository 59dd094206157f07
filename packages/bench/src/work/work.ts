import type { WorkQueue } from 'leveret'
import type { Stopwatch } from '../stopwatch.js'
import type { orderSchema } from './order.js'

/** One row of a workload's table for each contender. */
export interface Case {
  readonly queue: 'classic' | 'quorum'
  /** Messages under way at once: unconfirmed, or unacknowledged. */
  readonly atOnce: number
  /** Messages of one run. */
  readonly messages: number
}

/** Where a case is measured, and how much. */
export interface Site extends Pick<Case, 'atOnce' | 'messages'> {
  /** Leads to the workload's own vhost. */
  readonly url: string
  /** Of a queue that exists. */
  readonly contract: WorkQueue<typeof orderSchema>
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
  readonly atOnce: 'window' | 'prefetch'
  /** Whether a run finds the queue empty and fills it with its messages, or the other way round. */
  readonly queueBefore: 'empty' | 'full'
  readonly cases: readonly Case[]
  /** The first is what the others are compared with. */
  readonly contenders: readonly [Contender, ...Contender[]]
}
