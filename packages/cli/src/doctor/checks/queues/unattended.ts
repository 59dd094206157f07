import type { Check } from '../../check.js'
import { isDeadLetterQueue, isDelayQueue } from '../../queue-parts.js'

/** Finds queues with messages and without consumers. */
export const unattended: Check = {
  name: 'unattended',
  ask: (snapshot) =>
    snapshot.queues
      .filter((queue) => queue.consumers === 0 && (queue.messages_ready ?? 0) > 0 && queue.type !== 'stream')
      .filter((queue) => !isDelayQueue(queue) && !isDeadLetterQueue(queue, snapshot))
      .map(({ name, messages_ready: ready = 0 }) => ({
        severity: 'error',
        subject: name,
        evidence: `${ready} ${ready === 1 ? 'message waits' : 'messages wait'} and the queue has no consumer`,
        wayOut: 'start its workers, or delete the queue if nothing is meant to consume it any more',
      })),
}
