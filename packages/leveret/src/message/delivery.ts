import type { Headers } from './message.js'

/** A message as received, beside its payload. */
export interface Delivery {
  /** The queue or stream that it came from. */
  readonly queue: string
  /** Set by every leveret sender and the same on every copy; `undefined` when another sender set none. */
  readonly messageId: string | undefined
  /**
   * From 1: failed attempts before this one, plus one. A lost connection or a requeue does not count. With native retry it is
   * RabbitMQ's own count plus one, and lost channels and connections count too, also before the handler had begun.
   */
  readonly attempt: number
  /** The broker has delivered it before, to somebody, who did not settle it. It may have been handled. */
  readonly redelivered: boolean
  /** How often the broker saw it come back unsettled; `undefined` on classic queues. */
  readonly deliveryCount: number | undefined
  /** Where it was published, also when it is a later attempt. `''` is the default exchange. */
  readonly exchange: string
  readonly routingKey: string
  /**
   * As received, without a prototype. From outside: check before use. A whole number that a `number` would round is a `bigint`.
   */
  readonly headers: Headers
  /** Where in its stream it stands; `undefined` when it came from a queue. */
  readonly offset: number | undefined
  readonly timestamp: Date | undefined
  readonly correlationId: string | undefined
  /** What kind of message it is, as its sender says. */
  readonly type: string | undefined
  /** Which program has sent it, as it says. */
  readonly appId: string | undefined
  /** Where an answer is expected, if one is. */
  readonly replyTo: string | undefined
  /**
   * The broker's user who has sent it, as RabbitMQ has checked. `undefined` at later attempts that are copies: those are sent by the worker's
   * own user, and the header `leveret-original-user-id`, which nobody checks, says what it was.
   */
  readonly userId: string | undefined
  readonly priority: number | undefined
  /** After how many milliseconds in a queue it would have expired; at later attempts too, whose copies do not expire. */
  readonly expirationMs: number | undefined
  /** Whether a classic queue keeps it over a restart of the broker. */
  readonly persistent: boolean
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  /**
   * Aborted when the handler's time is up, when its connection is lost, and near the end of `close`: what is done from
   * then on no longer counts. `reason` says which. After a late attempt follows the next one; after the others the same one is made again.
   */
  readonly signal: AbortSignal
  /** When the handler's time is up. */
  readonly deadline: Date
}
