import type { QueueContract } from '../../contract/queues/queue-contract.js'
import { OptionsError } from '../../errors/options-error.js'
import type { HandlingSettings } from './worker-options.js'

/**
 * Refuses an exclusive consumer of a queue that is not classic, because RabbitMQ lets other consumers use such a queue
 * all the same (measured on 3.10.8 and 4.3.6).
 *
 * @param role - the role to name in the error
 * @throws {@link OptionsError}
 */
export function checkExclusive(role: string, { name, queue }: QueueContract, { exclusive }: HandlingSettings): void {
  if (!exclusive || (queue.arguments?.['x-queue-type'] ?? queue.type) === 'classic') return
  throw new OptionsError(
    `${role}: exclusive: RabbitMQ keeps nobody else from the queue '${name}', which is not classic: ` +
      'describe it with queue: { singleActive: true } instead',
  )
}
