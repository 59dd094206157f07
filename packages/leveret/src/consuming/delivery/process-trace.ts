import type { ServerAddress } from '../../amqp/endpoint.js'
import type { ScopedTrace } from '../../async/tracing.js'
import type { DeadLetterReason } from '../../headers/dead-letter-reason.js'
import type { Delivery } from '../../message/delivery.js'
import type { SettlementName } from './settlement.js'

/**
 * Origin of a delivery: the connection, the role and the contract. It is the same for all deliveries of a role, so
 * metrics may use it as labels.
 */
export interface ConsumeOrigin {
  /** Name of the connection. */
  readonly connection: string
  readonly role: 'worker' | 'subscriber' | 'rpc-server'
  /**
   * Name of the contract: the work queue, subscription, stream or procedure. For an ephemeral subscriber, the exchange.
   */
  readonly contract: string
  /** Whether the queue is deleted with its connection. It then has a random name. */
  readonly isEphemeral: boolean
}

/** Fields that an engine adds to the traces of its deliveries. */
export interface ConsumePlace extends ConsumeOrigin {
  readonly server: () => ServerAddress | undefined
  /** Returns the template that a routing key matches, for a topic exchange. */
  readonly templateOf?: ((routingKey: string) => string | undefined) | undefined
}

/** One delivery that is being handled, in the words of its contract and of the broker. */
export interface TracedDelivery {
  readonly delivery: Delivery
  readonly deliveryTag: number
  /** The template that the routing key matches, for a topic exchange. */
  readonly template: string | undefined
}

/**
 * One attempt, as published on `tracing:leveret:process`: `start` and `end` around the call of the handler and its
 * interceptors, `asyncEnd` when the delivery is settled.
 */
export interface ProcessTrace extends ConsumeOrigin, TracedDelivery, ScopedTrace {
  /** Name of the queue or stream. It is random if `isEphemeral`. */
  readonly queue: string
  readonly server: ServerAddress | undefined
  /** The settlement, set before `asyncEnd`. */
  settlement: SettlementName | undefined
  /** The delay of the next attempt in milliseconds, set before `asyncEnd` of a failed one. */
  afterMs: number | undefined
  /** The reason for which the delivery was given up, set before its `asyncEnd`. */
  reason: DeadLetterReason | undefined
}

/**
 * One call of a batch handler, as published on `tracing:leveret:process-batch`: `start` and `end` around the call,
 * `asyncEnd` when the attempts of all its deliveries have ended.
 */
export interface ProcessBatchTrace extends ConsumeOrigin, ScopedTrace {
  readonly queue: string
  readonly server: ServerAddress | undefined
  readonly items: readonly TracedDelivery[]
}

/** Settlement of one delivery, as published on the channel `leveret:settled`. */
export interface SettledDelivery extends ConsumeOrigin {
  readonly queue: string
  readonly delivery: Delivery
  readonly template: string | undefined
  readonly attempt: number
  readonly settlement: SettlementName
  /** How long the attempt took, in milliseconds; 0 when it never began. */
  readonly durationMs: number
  readonly afterMs: number | undefined
  readonly reason: DeadLetterReason | undefined
  /** The error of the attempt; `undefined` if it did not fail. */
  readonly error: unknown
}
