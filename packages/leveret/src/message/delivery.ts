import type { Headers } from './message.js'

/** The properties of a received message: everything but its payload. */
export interface Delivery {
  /** The queue or stream that delivered the message. */
  readonly queue: string
  /**
   * The id of the message. Every leveret sender sets one, and every copy keeps it; `undefined` if another sender set
   * none.
   */
  readonly messageId: string | undefined
  /**
   * Number of this attempt, from 1: failed attempts so far, plus one. A lost connection or a requeue does not count.
   * With native retry it is RabbitMQ's own count plus one. That count includes lost channels and connections, also
   * those before the handler began.
   */
  readonly attempt: number
  /** Whether the broker has delivered the message before, and it was not settled then. It may have been handled. */
  readonly redelivered: boolean
  /** How often the message came back to its queue unsettled, as the broker counts; `undefined` on classic queues. */
  readonly deliveryCount: number | undefined
  /** The exchange that the message was first published to, also at later attempts. `''` is the default exchange. */
  readonly exchange: string
  readonly routingKey: string
  /**
   * Headers as received, without a prototype. They come from outside: check them before use. A whole number that a
   * `number` would round is a `bigint`.
   */
  readonly headers: Headers
  /** Offset of the message in its stream; `undefined` if it came from a queue. */
  readonly offset: number | undefined
  readonly timestamp: Date | undefined
  readonly correlationId: string | undefined
  /** The kind of the message, as its sender named it. */
  readonly type: string | undefined
  /** The program that sent the message, as its sender named it. */
  readonly appId: string | undefined
  /** The queue that the sender wants an answer in; `undefined` if it wants none. */
  readonly replyTo: string | undefined
  /**
   * The broker's user that published the message, validated by RabbitMQ. `undefined` at later attempts that are copies:
   * the worker's own user sends those. Their header `leveret-original-user-id` holds the first user, but is not
   * validated.
   */
  readonly userId: string | undefined
  readonly priority: number | undefined
  /**
   * Time in a queue, in milliseconds, after which the message would have expired. It is also set at later attempts,
   * whose copies do not expire.
   */
  readonly expirationMs: number | undefined
  /** Whether a classic queue keeps the message over a restart of the broker. */
  readonly persistent: boolean
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  /**
   * Aborted when the handler's time is up, when its connection is lost, and near the end of `close`. What the handler
   * does after that no longer counts. `signal.reason` says which it was. After a timeout the next attempt follows;
   * after the other two the same attempt is repeated.
   */
  readonly signal: AbortSignal
  /** The time at which the handler's time is up. */
  readonly deadline: Date
}
