/** Libraries to compare, each with its kind of tracing. */
export const SUBJECTS = [
  'leveret',
  'leveret, a subscriber that does nothing',
  'leveret, an interceptor that does nothing',
  'leveret, sampled 0 %',
  'leveret, sampled 1 %',
  'leveret, sampled 100 %',
  'amqplib',
  'amqplib, sampled 0 %',
  'amqplib, sampled 1 %',
  'amqplib, sampled 100 %',
] as const

/** Name of one subject. */
export type Subject = (typeof SUBJECTS)[number]

/** Task of one process. */
export interface Task {
  readonly url: string
  readonly subject: Subject
  readonly messages: number
  readonly bytes: number
}

/** CPU time of the process, in microseconds per message. */
export interface Spent {
  readonly send: number
  readonly handle: number
}
