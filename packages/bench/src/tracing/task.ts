/** Who sends and handles, and what watches. */
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

/** One of them. */
export type Subject = (typeof SUBJECTS)[number]

/** What a program of its own is to do. */
export interface Task {
  readonly url: string
  readonly subject: Subject
  readonly messages: number
  readonly bytes: number
}

/** CPU time of that program, in microseconds a message. */
export interface Spent {
  readonly send: number
  readonly handle: number
}
