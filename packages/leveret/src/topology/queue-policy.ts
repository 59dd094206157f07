import { checkContract } from '../contract/payloads/shared-options.js'
import type { QueueContract } from '../contract/queues/queue-contract.js'
import { isClassic } from '../contract/queues/queue-options.js'
import type { Subscription } from '../contract/queues/subscription.js'
import type { WorkQueue } from '../contract/queues/work-queue.js'
import type { Log } from '../log.js'
import { changeableSettings, deliveryLimitOf } from './declarations.js'

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

function policyFor(contract: QueueContract): QueuePolicy {
  const escaped = contract.name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  return {
    name: `leveret.${contract.name}`,
    pattern: `^${escaped}$`,
    'apply-to': 'queues',
    definition: changeableSettings(contract),
  }
}

/** Says, once for each contract, which policy is to be set, where a contract leaves settings to one. */
export function tellPolicy(contract: QueueContract, log: Log): void {
  if (contract.queue.settings !== 'policy' || told.has(contract)) return
  told.add(contract)
  const { name, pattern, definition } = policyFor(contract)
  const parts = [name, pattern, JSON.stringify(definition)].map(quoted)
  const command = `rabbitmqctl set_policy --apply-to queues ${parts.join(' ')}`
  log.warn(`the queue '${contract.name}' takes its settings from a policy: ${command}`, { queue: contract.name })
}

/** The highest that RabbitMQ takes: nothing is delivered as often. */
const NO_LIMIT = 2 ** 31 - 1

/** Says to a worker that the broker drops what it has delivered too often, where there is nowhere to keep it. */
export function warnOfDrops({ name, queue, deadLetter, retry, existing }: QueueContract, log: Log): void {
  const hasRoute = queue.arguments?.['x-dead-letter-exchange'] !== undefined
  if (isClassic(queue) || deadLetter !== false || hasRoute || queue.settings === 'policy' || existing) return
  const given = queue.arguments?.['x-delivery-limit']
  const limit = typeof given === 'number' ? given : deliveryLimitOf(retry)
  if (limit >= NO_LIMIT) return
  log.warn(
    `the queue '${name}' has no dead letters: RabbitMQ drops what it has delivered more often than its delivery limit (${limit})`,
    { queue: name },
  )
}

/** RabbitMQ's own. @see https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout */
const DEFAULT_CONSUMER_TIMEOUT_MS = 1_800_000

/**
 * Says to a worker that the broker may take a delivery back before its attempt has failed. RabbitMQ counts that neither as an
 * attempt nor as a delivery, so a handler that is always too slow would get it for ever.
 */
export function warnOfLoops({ name, queue }: QueueContract, handlerTimeoutMs: number, log: Log): void {
  const declared = queue.consumerTimeoutMs ?? queue.arguments?.['x-consumer-timeout']
  const brokerTimeoutMs = typeof declared === 'number' ? declared : DEFAULT_CONSUMER_TIMEOUT_MS
  if (handlerTimeoutMs < brokerTimeoutMs) return
  log.warn(
    `a handler of '${name}' may take ${handlerTimeoutMs} ms, and RabbitMQ takes its delivery back after ${brokerTimeoutMs} ms and delivers it ` +
      'again, which counts as no attempt: lower handlerTimeoutMs, or give the queue a longer consumerTimeoutMs',
    { queue: name },
  )
}

const told = new WeakSet<QueueContract>()

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
