import type { Check } from '../../check.js'
import { isDelayQueue } from '../../queue-parts.js'

/** A delay queue whose work queue is gone: what waits in it has nowhere to go. */
export const orphanedDelays: Check = {
  name: 'orphaned-delays',
  ask: ({ queues }) => {
    const names = new Set(queues.map(({ name }) => name))
    return queues.filter(isDelayQueue).flatMap(({ name, arguments: args, messages = 0 }) => {
      const target = String(args['x-dead-letter-routing-key'])
      if (names.has(target)) return []
      return [
        {
          severity: messages > 0 ? ('error' as const) : ('warning' as const),
          subject: name,
          evidence: `its work queue '${target}' is gone; ${messages} ${messages === 1 ? 'message waits' : 'messages wait'} here`,
          wayOut: `declare '${target}' again (leveret topology apply), and they come back; else delete '${name}'`,
        },
      ]
    })
  },
}
