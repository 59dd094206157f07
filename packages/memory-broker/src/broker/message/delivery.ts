import type { Message } from './message.js'

/** A message in a queue. */
export interface QueueItem {
  readonly message: Message
  /** Its place among the messages of its queue. */
  sequence: number
  readonly priority: number
  /** How much of the queue's room it takes. */
  readonly bytes: number
  /** When it expires, in milliseconds since 1970. */
  readonly expiresAt: number | undefined
  redelivered: boolean
  /** How often it came back in a way that counts. */
  returns: number
  /** How it came back last. */
  lastReturn: ReturnKind | undefined
  /** How often it was delivered. */
  acquired: number
}

/** A delivery, as a queue sees it: in the hand of somebody until it is settled. */
export interface Delivery {
  readonly item: QueueItem
  /** `undefined` for what was taken with `basic.get`. */
  readonly consumer: QueueConsumer | undefined
  readonly holder: Holder
  readonly atMs: number
}

/** Who can hold deliveries: a channel. */
export interface Holder {
  /** A delivery was not settled in time. */
  timedOut(delivery: Delivery, timeoutMs: number): void
}

/** A consumer, as its queue sees it. */
export interface QueueConsumer extends Holder {
  readonly tag: string
  readonly noAck: boolean
  readonly exclusive: boolean
  readonly priority: number
  /** How many of its deliveries are not settled. */
  readonly held: number
  /** Where a stream begins. */
  readonly offset: StreamStart
  /** Whether it has room for another delivery. */
  readonly canTake: boolean
  /** Takes a message. For a consumer that acknowledges, the delivery is to be settled. */
  take(delivery: Delivery, message: Message): void
  /** Its queue is gone; or it has held a delivery for too long, and goes on all the same. */
  cancelled(why: 'gone' | 'timeout'): void
}

/** Where a consumer of a stream begins. */
export type StreamStart = 'first' | 'last' | 'next' | { readonly offset: number } | { readonly timeMs: number }

/** How a delivery is rejected. */
export type RejectKind = 'nack' | 'reject'

/** How a delivery comes back to its queue. */
export type ReturnKind = RejectKind | 'recover' | 'closed'

/** Whether a delivery has failed that comes back so, or is rejected so: RabbitMQ 4.3 takes `basic.nack` for none. */
export function hasFailed(kind: ReturnKind): boolean {
  return kind === 'reject' || kind === 'closed'
}
