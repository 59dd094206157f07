import type { Table } from './lab.js'

/** The types of queues that a case is run on, with the arguments that declare each. */
export const QUEUE_TYPES: readonly (readonly [name: string, args: Table])[] = [
  ['classic', {}],
  ['quorum', { 'x-queue-type': 'quorum' }],
]

/** Arguments that send the dead letters of a queue to the queue `dead`. */
export const DEAD: Table = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' }
