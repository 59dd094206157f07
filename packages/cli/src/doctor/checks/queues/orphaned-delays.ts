import type { Check } from '../../check.js'
import { isRetryQueue, LOST } from '../../queue-parts.js'

/** Finds delay queues whose work queue is gone: their messages have no destination. */
export const orphanedDelays: Check = {
  name: 'orphaned-delays',
  ask: ({ queues }) => {
    const names = new Set(queues.map(({ name }) => name))
    const orphaned = queues.filter(isRetryQueue).filter(({ arguments: args }) => !names.has(targetOf(args)))
    const lost = queues.filter(({ name, messages = 0 }) => name === LOST && messages > 0)
    return [
      ...orphaned.map(({ name, arguments: args, messages = 0 }) => ({
        severity: messages > 0 ? ('error' as const) : ('warning' as const),
        subject: name,
        evidence: `its work queue '${targetOf(args)}' does not exist; ${waiting(messages)} here`,
        wayOut: `declare '${targetOf(args)}' again (leveret topology apply), so that messages return to it; or delete '${name}'`,
      })),
      ...lost.map(({ name, messages = 0 }) => ({
        severity: 'error' as const,
        subject: name,
        evidence: `${waiting(messages)} here: they were sent with a delay, and their destination does not exist`,
        wayOut: 'their header leveret-delay-to names the destination: declare it, and send them again',
      })),
    ]
  },
}

function targetOf(args: Readonly<Record<string, unknown>>): string {
  return String(args['x-dead-letter-routing-key'])
}

function waiting(messages: number): string {
  return `${messages} ${messages === 1 ? 'message waits' : 'messages wait'}`
}
