import type { Check } from '../../check.js'
import { isDeadLetterQueue } from '../../queue-parts.js'
import { type Snapshot, settingsOf } from '../../snapshot.js'

/** A limit that is as good as none: RabbitMQ 3 has no number that says none. */
const NO_LIMIT = 1_000_000

/** A quorum queue with a delivery limit and nowhere to put what exceeds it: that is dropped. */
export const limitWithoutRoute: Check = {
  name: 'limit-without-route',
  ask: (snapshot) =>
    snapshot.queues
      // A request that is dropped is asked again by whoever waits for its answer.
      .filter(({ type, name }) => type === 'quorum' && !isProcedure(name, snapshot))
      .flatMap((queue) => {
        // Since RabbitMQ 4.0 a quorum queue has a limit of 20 that nobody has set.
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
            evidence: `a message that was delivered more than ${limit} times is dropped: there is a delivery-limit, and no dead-letter-exchange`,
            wayOut: "give the contract deadLetter (it is the default), or a policy with 'dead-letter-exchange'",
          },
        ]
      }),
}

function isProcedure(name: string, { applications }: Snapshot): boolean {
  return applications.some(({ calls, answers }) => [...calls, ...answers].some((procedure) => procedure.name === name))
}
