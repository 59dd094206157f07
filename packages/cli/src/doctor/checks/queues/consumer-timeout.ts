import type { Check } from '../../check.js'

/** leveret's default time for handlers, in milliseconds. */
const SHORTEST_MS = 60_000

/** Finds a consumer timeout that is very short, or on a classic queue, which RabbitMQ refuses from 4.3.2 on. */
export const consumerTimeout: Check = {
  name: 'consumer-timeout',
  ask: ({ queues }) =>
    queues.flatMap(({ name, type, arguments: { 'x-consumer-timeout': timeout } }) => {
      if (typeof timeout !== 'number') return []
      if (type === 'classic') {
        return [
          {
            severity: 'warning' as const,
            subject: name,
            evidence: 'x-consumer-timeout on a classic queue: RabbitMQ 4.3.2 and later refuse to declare it (406)',
            wayOut: 'make it a quorum queue, or leave the argument out',
          },
        ]
      }
      if (timeout >= SHORTEST_MS) return []
      const wayOut = 'raise it above the handlerTimeoutMs of its workers'
      return [
        {
          severity: 'warning' as const,
          subject: name,
          evidence: `x-consumer-timeout is ${timeout} ms: a message whose handler takes longer is delivered again`,
          wayOut,
        },
      ]
    }),
}
