import type { Queue } from '@leveret/management'
import type { Snapshot } from './snapshot.js'

/** Whether messages only wait in a queue, until their time is up. */
export function isDelayQueue({ name, arguments: args }: Queue): boolean {
  return /\.retry\.\d+$/.test(name) && args['x-dead-letter-routing-key'] !== undefined
}

/** Whether it holds dead letters: by its name, by a contract, or because another queue dead-letters to it by the default exchange. */
export function isDeadLetterQueue({ name }: Queue, { queues, declarations }: Snapshot): boolean {
  if (name.endsWith('.dead-letter')) return true
  if (declarations.some((one) => one.kind === 'queue' && one.part === 'dead-letter' && one.name === name)) return true
  return queues.some(
    (queue) =>
      !isDelayQueue(queue) &&
      queue.arguments['x-dead-letter-exchange'] === '' &&
      queue.arguments['x-dead-letter-routing-key'] === name,
  )
}
