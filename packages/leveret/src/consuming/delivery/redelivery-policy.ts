import type { QueueContract } from '../../contract/queues/queue-contract.js'
import { isClassic } from '../../contract/queues/queue-options.js'
import { nativeRetryOf } from '../../contract/queues/retry.js'
import { readFailedDeliveries } from '../../headers/attempt-headers.js'
import type { ReceivedMessage } from '../../message/message.js'
import type { ReturnMemory } from './return-memory.js'

/** From this many returns on, a message is suspected to be what ends the processes that handle it. */
const SUSPECT_AT = 2

/** Decides which messages may be what ends the processes that handle them. */
export interface Suspicion {
  /** Whether any message is ever suspected. */
  readonly isOn: boolean
  isSuspect(message: ReceivedMessage): boolean
}

const NONE: Suspicion = { isOn: false, isSuspect: () => false }

/**
 * Suspects what a quorum queue has counted back twice or more, less the returns that this process knows to be innocent.
 *
 * A classic queue counts nothing, so nothing is suspected there: it never gives a message up, so an innocent cannot be given up with
 * a culprit. Where only one consumer is active, its order is worth more. With native retry the broker counts failed attempts, which
 * are no reason for suspicion.
 */
export function suspicionOf(contract: QueueContract, memory: ReturnMemory): Suspicion {
  const { queue, retry } = contract
  if (isClassic(queue) || isSingleActive(contract) || nativeRetryOf(retry) !== undefined) return NONE
  const isSuspect = (message: ReceivedMessage): boolean => {
    const returns = readFailedDeliveries(message) ?? 0
    return returns >= SUSPECT_AT && returns - memory.innocentReturnsOf(message, performance.now()) >= SUSPECT_AT
  }
  return { isOn: true, isSuspect }
}

/** Whether the broker delivers to one consumer of the queue at a time, for the sake of its order. */
export function isSingleActive({ queue }: Pick<QueueContract, 'queue'>): boolean {
  return queue.arguments === undefined ? queue.singleActive : queue.arguments['x-single-active-consumer'] === true
}

/** Nothing is suspected. */
export function noSuspicion(): Suspicion {
  return NONE
}
