import type { Pace } from './pace.js'

/** Task of the process that feeds a queue at a steady rate. */
export interface Task extends Pace {
  readonly url: string
  readonly queue: string
  /** The JSON of each message. */
  readonly content: string
}
