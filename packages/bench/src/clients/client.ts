import type { Schema, WorkQueue } from 'leveret'
import type { Order } from '../work/order.js'

/** The existing queue that a client must use. */
export interface Place {
  /** URL with the vhost of the workload. */
  readonly url: string
  readonly contract: WorkQueue<Schema<Order>>
}

/** Publishes one order, persistent. Resolves when the broker has confirmed it. */
export type Publish = (order: Order) => Promise<unknown>

/** Publishes one order for a client that calls back: with nothing, or with the error. */
export type PublishAndCallBack = (order: Order, settled: (error?: unknown) => void) => void

/** A connected client. */
export interface Link {
  /** Prepares publishing to the queue. */
  publisher(): Promise<Publish>
  /** Prepares publishing with callbacks, if the client publishes in that way and promises would add a cost. */
  callingPublisher?(): Promise<PublishAndCallBack>
  /**
   * Consumes the queue. Each delivery is parsed, passed to `handle` and then acknowledged separately.
   *
   * @param prefetch - how many deliveries may be unacknowledged at once
   * @returns a function that ends the consumer, once every ack was written
   */
  consume(prefetch: number, handle: (order: Order) => void): Promise<() => Promise<void>>
  close(): Promise<void>
}

/** A client library, used as its documentation says. */
export interface Client {
  /** Name of its package, and of how it is used if that is unusual. */
  readonly name: string
  connect(place: Place): Promise<Link>
}
