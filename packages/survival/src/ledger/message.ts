import type { PublishOutcome } from 'leveret'

/** Queues that the client under test sends to and works on. */
export const queueNames = ['work', 'plain', 'ordered'] as const

/** One of {@link queueNames}. */
export type QueueName = (typeof queueNames)[number]

/** Prefetch of the single handler of `ordered`. */
export const ORDERED_PREFETCH = 10

/** Queues by the first letter of their messages' ids. */
const letters: Readonly<Record<string, QueueName>> = { w: 'work', c: 'plain', o: 'ordered', z: 'work' }

/**
 * First letter of the ids of messages that are acknowledged before they are handled. They belong to none of the queues
 * above, so they need not be accounted for.
 */
export const onceLetter = 'n'

/** Whether a message was sent to be handled at most once. */
export function isOnce({ id }: Pick<Message, 'id'>): boolean {
  return id.startsWith(onceLetter)
}

/** Concurrency of the handlers of such messages. As many may be lost with a connection. */
export const ONCE_CONCURRENCY = 10

/** First letters of the ids of a queue's messages. */
export const letterOf: Readonly<Record<QueueName, string>> = { work: 'w', plain: 'c', ordered: 'o' }

/** The queue that a message was sent to; `undefined` if it was sent to an exchange. */
export function queueOf(id: string): QueueName | undefined {
  return letters[id[0] ?? '']
}

/** Result of a send: confirmed, a `PublishError.outcome`, or the name of another error. */
export type Outcome = 'confirmed' | PublishOutcome | `error:${string}`

/** All facts about one message. */
export interface Message {
  readonly id: string
  readonly publishedAt: number
  /** Run of the client that sent the message. */
  readonly run: string
  outcome: Outcome | undefined
  settledAt: number | undefined
  /** How often a handler got the message. */
  begun: number
  done: number
  acked: number
  /** How often its worker reported that the message failed for good. */
  dead: number
  poison: boolean
  /** Queues in which the message was found at the end. */
  readonly storedIn: string[]
}

/** Creates a message without facts. */
export function newMessage(id: string, publishedAt: number, run: string): Message {
  const none = { outcome: undefined, settledAt: undefined, begun: 0, done: 0, acked: 0, dead: 0, poison: false }
  return { id, publishedAt, run, ...none, storedIn: [] }
}

/** Whether the message was kept as a dead letter. */
export function isKept({ storedIn }: Message): boolean {
  return storedIn.some((queue) => queue.endsWith('.dead-letter'))
}
