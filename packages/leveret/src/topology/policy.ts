import type { WorkQueue } from '../contract/work-queue.js'
import type { Log } from '../log.js'
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
 */
export function policyOf(contract: WorkQueue): QueuePolicy {
  const escaped = contract.name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  return {
    name: `leveret.${contract.name}`,
    pattern: `^${escaped}$`,
    'apply-to': 'queues',
    definition: changeableSettings(contract),
  }
}

/** Says what is to be set on the broker, where a contract leaves it to a policy. */
export function tellPolicy(contract: WorkQueue, log: Log): void {
  if (contract.queue.settings !== 'policy') return
  const { name, pattern, definition } = policyOf(contract)
  const parts = [name, pattern, JSON.stringify(definition)].map(quoted)
  const command = `rabbitmqctl set_policy --apply-to queues ${parts.join(' ')}`
  log.write('info', `the queue '${contract.name}' takes its settings from a policy: ${command}`, { policy: name })
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
