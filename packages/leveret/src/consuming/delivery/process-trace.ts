import type { ServerAddress } from '../../amqp/endpoint.js'
import type { ScopedTrace } from '../../async/tracing.js'
import type { DeadLetterReason } from '../../headers/dead-letter-reason.js'
import type { Delivery } from '../../message/delivery.js'
import type { SettlementName } from './settlement.js'

/** Who consumes, by what contract. All of it is the same for each delivery of a role, so metrics may be counted by it. */
export interface ConsumeOrigin {
  /** Name of the connection. */
  readonly connection: string
  readonly role: 'worker' | 'subscriber' | 'rpc-server'
  /** Name of the contract: of the work queue, subscription, stream or procedure; of an ephemeral subscriber the exchange. */
  readonly contract: string
  /** Whether its queue goes with it: then the queue has a random name. */
  readonly isEphemeral: boolean
}

/** What an engine needs to tell of its deliveries. */
export interface ConsumePlace extends ConsumeOrigin {
  readonly server: () => ServerAddress | undefined
  /** The template of a routing key, where the exchange is a topic exchange. */
  readonly templateOf?: ((routingKey: string) => string | undefined) | undefined
}

/** One delivery that is handled, in the words of both its contract and the broker. */
export interface TracedDelivery {
  readonly delivery: Delivery
  readonly deliveryTag: number
  /** Of a topic exchange: the template that the routing key matches. */
  readonly template: string | undefined
}

/**
 * One attempt, as `tracing:leveret:process` tells of it: `start` and `end` around the call of the handler and its interceptors, `asyncEnd` when
 * the delivery is settled.
 */
export interface ProcessTrace extends ConsumeOrigin, TracedDelivery, ScopedTrace {
  /** The queue or stream. A random name where `isEphemeral`. */
  readonly queue: string
  readonly server: ServerAddress | undefined
  /** Set before `asyncEnd`. */
  settlement: SettlementName | undefined
  /** Set before `asyncEnd` of a failed attempt: after how many milliseconds the next one follows. */
  afterMs: number | undefined
  /** Set before `asyncEnd` of a delivery that was given up. */
  reason: DeadLetterReason | undefined
}

/**
 * One call of a batch's handler, as `tracing:leveret:process-batch` tells of it: `start` and `end` around the call, `asyncEnd` when all attempts
 * of its deliveries have ended.
 */
export interface ProcessBatchTrace extends ConsumeOrigin, ScopedTrace {
  readonly queue: string
  readonly server: ServerAddress | undefined
  readonly items: readonly TracedDelivery[]
}

/** What became of one delivery, as the channel `leveret:settled` tells of it. */
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
  /** What the attempt failed with. */
  readonly error: unknown
}
