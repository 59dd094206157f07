import type { QueueContract } from '../../contract/queues/queue-contract.js'
import { isClassic } from '../../contract/queues/queue-options.js'
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
  if (!exclusive || isClassic(queue)) return
  const isOpen = queue.arguments !== undefined && queue.arguments['x-queue-type'] === undefined
  const why = isOpen
    ? "whose type is the default of its vhost: add 'x-queue-type': 'classic' to its arguments; an existing classic queue accepts this argument even if it was declared without it"
    : 'which is not classic: describe it with queue: { singleActive: true } instead'
  throw new OptionsError(`${role}: exclusive: RabbitMQ cannot keep other consumers from the queue '${name}', ${why}`)
}
