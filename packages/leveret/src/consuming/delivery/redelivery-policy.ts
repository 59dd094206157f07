import type { QueueContract } from '../../contract/queues/queue-contract.js'
import { isClassic } from '../../contract/queues/queue-options.js'
import { nativeRetryOf } from '../../contract/queues/retry.js'
import { readFailedDeliveries } from '../../headers/attempt-headers.js'
import type { ReceivedMessage } from '../../message/message.js'
import type { ReturnMemory } from './return-memory.js'

/** The number of returns from which a message is suspected of crashing the processes that handle it. */
const SUSPECT_AT = 2

/** Decides which messages may crash the processes that handle them. */
export interface RedeliveryPolicy {
  /** Whether this policy suspects any message at all. */
  readonly isOn: boolean
  isSuspect(message: ReceivedMessage): boolean
}

const NONE: RedeliveryPolicy = { isOn: false, isSuspect: () => false }

/**
 * Suspects a message that came back to a quorum queue twice or more, without the returns that this process knows to
 * have other causes.
 *
 * A classic queue does not count returns, so nothing is suspected there. It also never drops a message for its returns,
 * so a harmless message cannot be dropped together with a harmful one. Where a queue has a single active consumer, its
 * order matters more. With native retry the broker counts failed attempts, which are no reason for suspicion.
 */
export function redeliveryPolicyOf(contract: QueueContract, memory: ReturnMemory): RedeliveryPolicy {
  const { queue, retry } = contract
  if (isClassic(queue) || isSingleActive(contract) || nativeRetryOf(retry) !== undefined) return NONE
  const isSuspect = (message: ReceivedMessage): boolean => {
    const returns = readFailedDeliveries(message) ?? 0
    return returns >= SUSPECT_AT && returns - memory.innocentReturnsOf(message, performance.now()) >= SUSPECT_AT
  }
  return { isOn: true, isSuspect }
}

/** Whether the broker delivers to one consumer of the queue at a time, to keep its order. */
export function isSingleActive({ queue }: Pick<QueueContract, 'queue'>): boolean {
  return queue.arguments === undefined ? queue.singleActive : queue.arguments['x-single-active-consumer'] === true
}

/** The policy that suspects no message. */
export function noRedeliveryPolicy(): RedeliveryPolicy {
  return NONE
}
