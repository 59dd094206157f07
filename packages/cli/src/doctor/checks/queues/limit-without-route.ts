import type { Check } from '../../check.js'
import { isDeadLetterQueue } from '../../queue-parts.js'
import { type Snapshot, settingsOf } from '../../snapshot.js'

/** A limit so high that it means none. RabbitMQ 3 has no number for no limit. */
const NO_LIMIT = 1_000_000

/**
 * Finds quorum queues with a delivery limit but without a dead-letter exchange: messages over the limit are dropped.
 */
export const limitWithoutRoute: Check = {
  name: 'limit-without-route',
  ask: (snapshot) =>
    snapshot.queues
      // A dropped request needs no dead-letter exchange: its caller gets no answer, and may call again.
      .filter(({ type, name }) => type === 'quorum' && !isProcedure(name, snapshot))
      .flatMap((queue) => {
        // Since RabbitMQ 4.0 a quorum queue has a default limit of 20.
        const { 'delivery-limit': limit, 'dead-letter-exchange': route } = settingsOf(queue, snapshot)
        if (
          typeof limit !== 'number' ||
          limit < 0 ||
          limit >= NO_LIMIT ||
          route !== undefined ||
          isDeadLetterQueue(queue, snapshot)
        )
          return []
        return [
          {
            severity: 'warning' as const,
            subject: queue.name,
            evidence: `a message that was delivered more than ${limit} times is dropped: the queue has a delivery-limit and no dead-letter-exchange`,
            wayOut: "give the contract deadLetter (it is the default), or a policy with 'dead-letter-exchange'",
          },
        ]
      }),
}

function isProcedure(name: string, { applications }: Snapshot): boolean {
  return applications.some(({ calls, answers }) => [...calls, ...answers].some((procedure) => procedure.name === name))
}
