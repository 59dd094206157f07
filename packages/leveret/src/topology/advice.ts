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

/**
 * Says, once for each contract, what somebody should do or know: the policy to set, where a contract leaves settings to one;
 * and that the broker will drop what it has delivered too often, where there is nowhere to keep it.
 */
export function advise(contract: WorkQueue, log: Log): void {
  const advice = adviceOn(contract)
  if (advice === undefined || advised.has(contract)) return
  advised.add(contract)
  log.warn(`the queue '${contract.name}' ${advice}`, { queue: contract.name })
}

const advised = new WeakSet<WorkQueue>()

function adviceOn(contract: WorkQueue): string | undefined {
  const { queue, deadLetter } = contract
  if (queue.settings === 'policy') {
    const { name, pattern, definition } = policyOf(contract)
    const parts = [name, pattern, JSON.stringify(definition)].map(quoted)
    return `takes its settings from a policy: rabbitmqctl set_policy --apply-to queues ${parts.join(' ')}`
  }
  const hasRoute = queue.arguments?.['x-dead-letter-exchange'] !== undefined
  if (queue.type === 'classic' || deadLetter !== false || hasRoute) return undefined
  return `has no dead letters: RabbitMQ drops what it has delivered more often than the queue's delivery limit (20)`
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
