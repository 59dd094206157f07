/**
 * The reason why a delivery was given up:
 * - `rejected`: the handler threw `Reject`
 * - `invalid-payload`: the content does not fit the contract; with `onInvalid: 'retry'`, up to the last attempt
 * - `attempts-exhausted`: the last attempt failed
 * - `retry-impossible`: an attempt failed, and either its copy for the next attempt can never be stored, or its queue
 *   does not count attempts
 * - `unknown-message`: the exchange's contract has no template for the routing key, or no binding key matches it; with
 *   `onUnknown: 'retry'`, up to the last attempt
 */
export type DeadLetterReason =
  | 'rejected'
  | 'invalid-payload'
  | 'attempts-exhausted'
  | 'retry-impossible'
  | 'unknown-message'

/**
 * The reason why RabbitMQ itself dead-lettered a message:
 * - `delivery-limit`: the message was delivered too often without an ack, as a message that crashes its process is
 * - `expired`: the message waited longer than its time to live
 * - `max-length`: the queue was full
 * - `rejected`: a consumer rejected the message (`basic.reject` or `basic.nack`)
 */
export type BrokerReason = 'delivery-limit' | 'expired' | 'max-length' | 'rejected'

/** The reason why a message is in a dead-letter queue. `unknown`: neither leveret nor RabbitMQ recorded one. */
export type DeathReason = DeadLetterReason | BrokerReason | 'unknown'
