import type { Message } from './message.js'

/** A message in a queue. */
export interface QueueItem {
  readonly message: Message
  /** The position among the messages of its queue. */
  sequence: number
  readonly priority: number
  /** How many bytes count towards the limits of the queue. */
  readonly bytes: number
  /** The time of its expiry, in milliseconds since 1970; `undefined` for never. */
  readonly expiresAt: number | undefined
  redelivered: boolean
  /** How many times it came back in a way that counts towards the delivery limit. */
  returns: number
  /** The way in which it came back the last time. */
  lastReturn: ReturnKind | undefined
  /** How many times it was delivered. */
  acquired: number
}

/** A delivery, as its queue sees it: held by a channel until it is settled. */
export interface Delivery {
  readonly item: QueueItem
  /** The consumer that got it; `undefined` after `basic.get`. */
  readonly consumer: QueueConsumer | undefined
  readonly holder: Holder
  readonly atMs: number
}

/** A holder of deliveries: a channel. */
export interface Holder {
  /** Called when a delivery was not settled in time. */
  timedOut(delivery: Delivery, timeoutMs: number): void
}

/** A consumer, as its queue sees it. */
export interface QueueConsumer extends Holder {
  readonly tag: string
  readonly noAck: boolean
  readonly exclusive: boolean
  readonly priority: number
  /** How many of its deliveries are unsettled. */
  readonly held: number
  /** The position at which the consumer begins to read a stream. */
  readonly offset: StreamStart
  /** Whether it has room for another delivery. */
  readonly canTake: boolean
  /** Takes a message. A consumer with acknowledgements must settle the delivery. */
  take(delivery: Delivery, message: Message): void
  /** Called when its queue is gone, or when a delivery was held for too long; after a timeout the consumer stays. */
  cancelled(why: 'gone' | 'timeout'): void
}

/** The position at which a consumer begins to read a stream. */
export type StreamStart = 'first' | 'last' | 'next' | { readonly offset: number } | { readonly timeMs: number }

/** The method that rejected a delivery. */
export type RejectKind = 'nack' | 'reject'

/** The way in which a delivery comes back to its queue. */
export type ReturnKind = RejectKind | 'recover' | 'closed'

/** Whether a delivery counts as failed. RabbitMQ 4.3 does not count a `basic.nack`. */
export function hasFailed(kind: ReturnKind): boolean {
  return kind === 'reject' || kind === 'closed'
}
