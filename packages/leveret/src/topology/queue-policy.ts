import { checkContract } from '../contract/payloads/shared-options.js'
import type { QueueContract } from '../contract/queues/queue-contract.js'
import type { Subscription } from '../contract/queues/subscription.js'
import type { WorkQueue } from '../contract/queues/work-queue.js'
import { changeableSettings } from './declarations.js'

/**
 * A RabbitMQ policy, in the form that the management API and definition files use.
 * @see https://www.rabbitmq.com/docs/policies
 */
export interface QueuePolicy {
  readonly name: string
  /** The pattern, which matches this queue and no other. */
  readonly pattern: string
  readonly 'apply-to': 'queues'
  readonly definition: Readonly<Record<string, unknown>>
}

/**
 * Makes the policy that gives a queue with `settings: 'policy'` what it would otherwise have as arguments.
 *
 * RabbitMQ applies one policy to a queue, the one with the highest priority. If another policy matches the queue too,
 * add these settings to that one.
 *
 * @throws {@link OptionsError} the argument is no contract of a work queue or subscription
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
