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
  /** As received, without a prototype. From outside: check before use. */
  readonly headers: Headers
  /** Where in its stream it stands; `undefined` when it came from a queue. */
  readonly offset: number | undefined
  readonly timestamp: Date | undefined
  readonly correlationId: string | undefined
  /**
   * Aborted when the handler's time is up, when its connection is lost, and near the end of `close`: what is done from
   * then on no longer counts. `reason` says which. After a late attempt follows the next one; after the others the same one is made again.
   */
  readonly signal: AbortSignal
  /** When the handler's time is up. */
  readonly deadline: Date
}
