import type { Channel } from '../../amqp/channel.js'
import type { Lane } from '../../connection/lanes/lane.js'
import type { LeveretError } from '../../errors/leveret-error.js'
import type { ReceivedMessage } from '../../message/message.js'
import type { ActiveDelivery } from '../delivery/active-delivery.js'
import type { DeliveryChannel, Held } from '../delivery/delivery-channel.js'
import type { RedeliveryPolicy } from '../delivery/redelivery-policy.js'
import type { ReturnMemory } from '../delivery/return-memory.js'
import type { StreamPosition } from '../delivery/stream-position.js'
import type { Slots } from '../handling/slots.js'

/** Options of {@link Consumer}. */
export interface ConsumerOptions extends ConsumerHooks {
  readonly lane: Lane
  /** The name in errors and diagnostics. */
  readonly name: string
  /** The most unsettled deliveries that the broker lets this consumer hold. */
  readonly prefetch: number
  /** The priority of this consumer among the consumers of the queue. */
  readonly priority?: number | undefined
  /** Whether the consumer is exclusive: no other one may consume the queue. */
  readonly exclusive: boolean
  /** The most deliveries, or batches, that are handled at once. */
  readonly concurrency: number
  /** Counts the deliveries that are being handled, and those that wait for a slot. */
  readonly slots: Slots
  readonly redeliveryPolicy: RedeliveryPolicy
  /** Remembers which deliveries went back to the queue, where that is useful. */
  readonly memory: ReturnMemory | undefined
  /** Keeps the consumer of an auto-delete queue while paused, because cancelling it would delete the queue. */
  readonly keepsConsuming: boolean
  /** Whether the broker delivers to one consumer of the queue at a time. */
  readonly isSingleActive: boolean
  /** The position in a stream; `undefined` for other queues. */
  readonly reading: StreamPosition | undefined
  /** Makes sure that the queue exists. Runs before every `basic.consume`. @returns the name of the queue */
  prepare(channel: Channel, signal: AbortSignal): Promise<string>
  readonly processor: DeliveryProcessor
}

/** Takes deliveries from their bytes to their settlement. */
export interface DeliveryProcessor {
  /** Makes the delivery of a message that has arrived. */
  receive(message: ReceivedMessage, channel: DeliveryChannel): ActiveDelivery
  /**
   * Works on one delivery until it is settled or its channel has ended, and calls `ended` then. Never throws.
   *
   * @param delivery - one that `receive` has made
   */
  process(delivery: ActiveDelivery, ended: (delivery: ActiveDelivery) => void): void
}

/** Callbacks with which a consumer reports to its engine. */
export interface ConsumerHooks {
  /** Reports that a delivery is handled alone. */
  isolated(delivery: ActiveDelivery): void
  /**
   * Reports that the broker refused the copy of a delivery. The copy is tried again, and the delivery takes no place
   * from others meanwhile.
   */
  copyRefused(delivery: Held, error: LeveretError): void
  /** Reports that `deliveries` are held up, so many that the consumer can take no more. */
  full(deliveries: number): void
  /**
   * Reports that the broker cancelled the consumer (`basic.cancel`): the queue was deleted, its node was lost, or an
   * ack took too long.
   */
  cancelled(reason: LeveretError): void
  /** Reports that it consumes, for the first time or again. */
  attached(): void
  lost(reason: LeveretError): void
  failed(reason: LeveretError): void
  /** Reports how many deliveries were still being handled when the time of `close` was up. */
  leftRunning(inFlight: number): void
}
