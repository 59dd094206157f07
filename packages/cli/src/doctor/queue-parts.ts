import type { Queue } from '@leveret/management'
import type { Snapshot } from './snapshot.js'

/** The queue of delayed messages without a destination. It has no consumer. */
export const LOST = 'leveret.delay.lost'

/** Whether failed messages wait in a queue for their next attempt, and then go back to their work queue. */
export function isRetryQueue({ name, arguments: args }: Queue): boolean {
  return /\.retry\.\d+$/.test(name) && args['x-dead-letter-routing-key'] !== undefined
}

/** Whether messages only wait in a queue until their time is up, so that it needs no consumer. */
export function isDelayQueue(queue: Queue): boolean {
  const { name, arguments: args } = queue
  const isLevel = name.startsWith('leveret.delay.') || (name.endsWith('.delayed') && args['x-message-ttl'] === 0)
  return isRetryQueue(queue) || isLevel
}

/**
 * Whether a queue holds dead letters: by its name, by a contract, or because another queue dead-letters to it through
 * the default exchange.
 */
export function isDeadLetterQueue({ name }: Queue, { queues, declarations }: Snapshot): boolean {
  if (name.endsWith('.dead-letter')) return true
  if (declarations.some((one) => one.kind === 'queue' && one.part === 'dead-letter' && one.name === name)) return true
  return sourcesOf(name, { queues }).length > 0
}

/** Returns the queues that dead-letter to a queue through the default exchange. */
export function sourcesOf(name: string, { queues }: Pick<Snapshot, 'queues'>): readonly string[] {
  return queues
    .filter(
      (queue) =>
        !isDelayQueue(queue) &&
        queue.arguments['x-dead-letter-exchange'] === '' &&
        queue.arguments['x-dead-letter-routing-key'] === name,
    )
    .map((queue) => queue.name)
}
