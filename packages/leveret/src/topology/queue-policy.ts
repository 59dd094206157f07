import { checkContract } from '../contract/payloads/shared-options.js'
import type { QueueContract } from '../contract/queues/queue-contract.js'
import type { Subscription } from '../contract/queues/subscription.js'
import type { WorkQueue } from '../contract/queues/work-queue.js'
import { changeableSettings } from './declarations.js'

/** A RabbitMQ policy, as the management API and definition files take it. @see https://www.rabbitmq.com/docs/policies */
export interface QueuePolicy {
  readonly name: string
  /** Matches the queue and no other. */
  readonly pattern: string
  readonly 'apply-to': 'queues'
  readonly definition: Readonly<Record<string, unknown>>
}

/**
 * The policy that gives a queue with `settings: 'policy'` what it would otherwise have as arguments.
 *
 * RabbitMQ applies one policy to a queue, the one of the highest priority: where another one matches it too, put these
 * settings into that one.
 *
 * @throws {@link OptionsError} it is no contract of a work queue
 */
export function policyOf(contract: WorkQueue | Subscription): QueuePolicy {
  checkContract('policyOf', contract, 'work-queue', 'subscription')
  return policyFor(contract)
}

/** The policy of a contract that leaves settings to one. */
export function policyFor(contract: QueueContract): QueuePolicy {
  const escaped = contract.name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  return {
    name: `leveret.${contract.name}`,
    pattern: `^${escaped}$`,
    'apply-to': 'queues',
    definition: changeableSettings(contract),
  }
}
