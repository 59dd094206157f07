import type { Channel } from '../../amqp/channel.js'
import type { Soon } from '../../async/maybe-promise.js'
import type { Lane } from '../../connection/lanes/lane.js'
import type { LeveretError } from '../../errors/errors.js'
import type { ReceivedMessage } from '../../message/message.js'
import type { ActiveDelivery } from '../delivery/active-delivery.js'
import type { Held, Life } from '../delivery/delivery-channel.js'
import type { Suspicion } from '../delivery/redelivery-policy.js'
import type { ReturnMemory } from '../delivery/return-memory.js'
import type { Reading } from '../delivery/stream-position.js'
import type { Slots } from '../handling/slots.js'

/** What a consumer is made of. */
export interface ConsumerOptions {
  readonly lane: Lane
  /** For errors and diagnostics. */
  readonly name: string
  /** Unsettled deliveries that the broker lets it hold. */
  readonly prefetch: number
  /** Of the consumer, among others of the queue. */
  readonly priority?: number | undefined
  /** Nobody else may consume the queue. */
  readonly exclusive: boolean
  /** Deliveries, or batches of them, handled at once. */
  readonly concurrency: number
  /** What is being handled, and what waits for that. */
  readonly slots: Slots
  readonly suspicion: Suspicion
  /** Remembers what goes back to the queue, where that is of use. */
  readonly memory: ReturnMemory | undefined
  /** Its queue goes with its last consumer: while it is paused it goes on consuming, and holds what comes. */
  readonly keepsConsuming: boolean
  /** The broker delivers to one consumer of the queue at a time. */
  readonly isSingleActive: boolean
  /** Of a stream. */
  readonly reading: Reading | undefined
  /** Makes sure that the queue exists. Runs before every subscription. @returns its name */
  prepare(channel: Channel, signal: AbortSignal): Promise<string>
  /** A message has come: its delivery is in hand. */
  receive(message: ReceivedMessage, life: Life): ActiveDelivery
  /** Works on one delivery until it is settled or its life has ended. Never throws or rejects. */
  process(delivery: ActiveDelivery): Soon<void>
  /** It is handled alone. */
  isolated(delivery: ActiveDelivery): void
  /** The broker has refused its copy. It is tried again, and takes no place from others meanwhile. */
  copyRefused(delivery: Held, error: LeveretError): void
  /** So many deliveries are held up that it can take no more. */
  full(deliveries: number): void
  /** The broker cancelled the consumer: the queue was deleted, or its node was lost, or an ack took too long. */
  cancelled(reason: LeveretError): void
  /** It consumes, for the first time or again. */
  attached(): void
  lost(reason: LeveretError): void
  failed(reason: LeveretError): void
  /** `close` has ended while handlers still ran. */
  leftRunning(inHand: number): void
}
