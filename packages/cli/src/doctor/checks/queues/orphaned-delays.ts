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
        evidence: `its work queue '${targetOf(args)}' is gone; ${waiting(messages)} here`,
        wayOut: `declare '${targetOf(args)}' again (leveret topology apply), and they come back; else delete '${name}'`,
      })),
      ...lost.map(({ name, messages = 0 }) => ({
        severity: 'error' as const,
        subject: name,
        evidence: `${waiting(messages)} here: they were sent with a delay, and their destination queue is gone`,
        wayOut: 'read the queue in their header leveret-delay-to, and send them again',
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
