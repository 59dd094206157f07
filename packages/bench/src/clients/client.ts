import type { WorkQueue } from 'leveret'
import type { Order, orderSchema } from '../work/order.js'

/** The queue that a client is to use. It exists. */
export interface Place {
  /** Leads to the workload's own vhost. */
  readonly url: string
  readonly contract: WorkQueue<typeof orderSchema>
}

/** Publishes one order, persistent. Resolves when the broker has confirmed it. */
export type Publish = (order: Order) => Promise<unknown>

/** The same for clients that call back: with nothing, or with what went wrong. */
export type PublishAndCallBack = (order: Order, settled: (error?: unknown) => void) => void

/** A client that is connected. */
export interface Link {
  /** Makes ready to publish to the queue. */
  publisher(): Promise<Publish>
  /** The same, where that is how the client does it, and promises would be a cost on top. */
  callingPublisher?(): Promise<PublishAndCallBack>
  /**
   * Consumes the queue; each delivery is parsed, given to `handle` and then acknowledged by itself.
   *
   * @param prefetch - deliveries unacknowledged at once
   * @returns what ends the consumer, when every ack is on its way
   */
  consume(prefetch: number, handle: (order: Order) => void): Promise<() => Promise<void>>
  close(): Promise<void>
}

/** A client library, used as its own documentation uses it. */
export interface Client {
  /** Its package. */
  readonly name: string
  connect(place: Place): Promise<Link>
}
