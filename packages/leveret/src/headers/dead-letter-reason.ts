/**
 * Why a delivery was given up:
 * - `rejected`: the handler threw `Reject`
 * - `invalid-payload`: its content does not fit the contract; with `onInvalid: 'retry'`, not in the last attempt either
 * - `attempts-exhausted`: the last attempt failed
 * - `retry-impossible`: an attempt failed, and its copy for the next one can never be stored, or its queue counts no attempts
 * - `unknown-message`: the contract of its exchange has no template for its routing key, or no binding key asks for it; with
 *   `onUnknown: 'retry'`, not in the last attempt either
 */
export type DeadLetterReason =
  | 'rejected'
  | 'invalid-payload'
  | 'attempts-exhausted'
  | 'retry-impossible'
  | 'unknown-message'

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
