import type { PublishOutcome } from 'leveret'

/** The queues that the client under test sends to and works on. */
export const queueNames = ['work', 'plain', 'ordered'] as const

/** One of them. */
export type QueueName = (typeof queueNames)[number]

/** Deliveries that the one handler of `ordered` has at hand. */
export const ORDERED_PREFETCH = 10

/** The first letter of a message's id says where it was sent. */
const letters: Readonly<Record<string, QueueName>> = { w: 'work', c: 'plain', o: 'ordered', z: 'work' }

/** The first letter of the ids of what is acknowledged before it is handled. No queue above has it, so nobody has to answer for it. */
export const onceLetter = 'n'

/** Whether a message was sent to be handled at most once. */
export function isOnce({ id }: Pick<Message, 'id'>): boolean {
  return id.startsWith(onceLetter)
}

/** Handlers at once of such messages: so many may be lost with a connection. */
export const ONCE_CONCURRENCY = 10

/** The letter of the ids of a queue's messages. */
export const letterOf: Readonly<Record<QueueName, string>> = { work: 'w', plain: 'c', ordered: 'o' }

/** The queue a message was sent to; `undefined` for one that was sent to an exchange. */
export function queueOf(id: string): QueueName | undefined {
  return letters[id[0] ?? '']
}

/** How a send ended: confirmed, as `PublishError.outcome` says, or with the name of another error. */
export type Outcome = 'confirmed' | PublishOutcome | `error:${string}`

/** All that is known of one message. */
export interface Message {
  readonly id: string
  readonly publishedAt: number
  /** Which run of the client sent it. */
  readonly run: string
  outcome: Outcome | undefined
  settledAt: number | undefined
  /** How often a handler got it, and returned. */
  begun: number
  done: number
  acked: number
  /** How often its worker said that it had given it up. */
  dead: number
  poison: boolean
  /** Where it was found at the end. */
  readonly storedIn: string[]
}

/** A message that nothing is known of yet. */
export function newMessage(id: string, publishedAt: number, run: string): Message {
  const none = { outcome: undefined, settledAt: undefined, begun: 0, done: 0, acked: 0, dead: 0, poison: false }
  return { id, publishedAt, run, ...none, storedIn: [] }
}

/** Whether it was kept as a dead letter. */
export function isKept({ storedIn }: Message): boolean {
  return storedIn.some((queue) => queue.endsWith('.dead-letter'))
}
