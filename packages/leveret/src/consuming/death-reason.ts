import type { DeadLetterReason } from './verdict.js'

/**
 * Why RabbitMQ itself dead-lettered a message:
 * - `delivery-limit`: it was delivered too often and never settled, as a message is that kills its process
 * - `expired`: it waited for longer than it may
 * - `max-length`: its queue was full
 * - `rejected`: a consumer rejected it
 */
export type BrokerReason = 'delivery-limit' | 'expired' | 'max-length' | 'rejected'

/** Why a message is in a dead-letter queue. `unknown`: neither leveret nor RabbitMQ has said so. */
export type DeathReason = DeadLetterReason | BrokerReason | 'unknown'
