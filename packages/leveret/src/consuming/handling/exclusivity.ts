import type { QueueContract } from '../../contract/queues/queue-contract.js'
import { OptionsError } from '../../errors/errors.js'
import type { HandlingSettings } from './worker-options.js'

/**
 * Refuses an exclusive consumer of a queue that RabbitMQ lets others consume all the same: one that is not classic (measured on 3.10.8
 * and 4.3.6).
 *
 * @param role - for the error
 * @throws {@link OptionsError}
 */
export function checkExclusive(role: string, { name, queue }: QueueContract, { exclusive }: HandlingSettings): void {
  if (!exclusive || (queue.arguments?.['x-queue-type'] ?? queue.type) === 'classic') return
  throw new OptionsError(
    `${role}: exclusive: RabbitMQ keeps nobody else from the queue '${name}', which is not classic: ` +
      'describe it with queue: { singleActive: true } instead',
  )
}
