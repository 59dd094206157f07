import type { Check } from '../../check.js'
import { settingsOf } from '../../snapshot.js'

/**
 * Finds queues with at-least-once dead-lettering but without reject-publish, for which RabbitMQ falls back to
 * at-most-once.
 */
export const atLeastOnce: Check = {
  name: 'at-least-once',
  ask: (snapshot) =>
    snapshot.queues.flatMap((queue) => {
      const { 'dead-letter-strategy': strategy, overflow, 'dead-letter-exchange': route } = settingsOf(queue, snapshot)
      if (strategy !== 'at-least-once' || (overflow === 'reject-publish' && route !== undefined)) return []
      const missing = overflow === 'reject-publish' ? 'a dead-letter-exchange' : 'overflow: reject-publish'
      return [
        {
          severity: 'warning' as const,
          subject: queue.name,
          evidence: `dead-letter-strategy is at-least-once without ${missing}: RabbitMQ then dead-letters at most once`,
          wayOut: `set ${missing} by a policy, or in the contract`,
        },
      ]
    }),
}
