import type { Table } from './lab.js'

/** The types of queues that a case is tried on, with what declares each. */
export const QUEUE_TYPES: readonly (readonly [name: string, args: Table])[] = [
  ['classic', {}],
  ['quorum', { 'x-queue-type': 'quorum' }],
]

/** What sends a queue's dead letters to the queue `dead`. */
export const DEAD: Table = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' }
