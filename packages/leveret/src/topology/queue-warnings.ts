import type { QueueContract } from '../contract/queues/queue-contract.js'
import { isClassic } from '../contract/queues/queue-options.js'
import type { Log } from '../log.js'
import { deliveryLimitOf } from './declarations.js'
import { policyFor } from './queue-policy.js'

/** Logs, once for each contract, the policy that an operator must set, where a contract leaves settings to a policy. */
export function warnOfPolicy(contract: QueueContract, log: Log): void {
  if (contract.queue.settings !== 'policy' || warned.has(contract)) return
  warned.add(contract)
  const { name, pattern, definition } = policyFor(contract)
  const parts = [name, pattern, JSON.stringify(definition)].map(quoted)
  const command = `rabbitmqctl set_policy --apply-to queues ${parts.join(' ')}`
  log.warn(`the queue '${contract.name}' takes its settings from a policy: ${command}`, { queue: contract.name })
}

/** The highest limit that RabbitMQ accepts: no message is delivered that often. */
const NO_LIMIT = 2 ** 31 - 1

/** Warns a worker that the broker drops messages after too many deliveries, where no dead-letter queue keeps them. */
export function warnOfDrops({ name, queue, deadLetter, retry, existing }: QueueContract, log: Log): void {
  const hasRoute = queue.arguments?.['x-dead-letter-exchange'] !== undefined
  if (isClassic(queue) || deadLetter !== false || hasRoute || queue.settings === 'policy' || existing) return
  const given = queue.arguments?.['x-delivery-limit']
  const limit = typeof given === 'number' ? given : deliveryLimitOf(retry)
  if (limit >= NO_LIMIT) return
  log.warn(
    `the queue '${name}' has no dead letters: RabbitMQ drops a message after more deliveries than its delivery limit (${limit})`,
    { queue: name },
  )
}

/** RabbitMQ's default. @see https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout */
const DEFAULT_CONSUMER_TIMEOUT_MS = 1_800_000

/**
 * Warns a worker that the broker may take a delivery back before its attempt has failed. RabbitMQ counts that neither
 * as an attempt nor as a delivery, so a handler that is always too slow would get the message again and again.
 */
export function warnOfLoops({ name, queue }: QueueContract, handlerTimeoutMs: number, log: Log): void {
  const declared = queue.consumerTimeoutMs ?? queue.arguments?.['x-consumer-timeout']
  const brokerTimeoutMs = typeof declared === 'number' ? declared : DEFAULT_CONSUMER_TIMEOUT_MS
  if (handlerTimeoutMs < brokerTimeoutMs) return
  log.warn(
    `a handler of '${name}' may take ${handlerTimeoutMs} ms, but RabbitMQ requeues its delivery after ${brokerTimeoutMs} ms and delivers it ` +
      'again, which is not counted as an attempt: lower handlerTimeoutMs, or give the queue a longer consumerTimeoutMs',
    { queue: name },
  )
}

const warned = new WeakSet<QueueContract>()

/** Quotes a text for a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
