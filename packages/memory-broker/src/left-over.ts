import type { Vhost } from './broker/vhost.js'
import type { Sessions } from './sessions.js'
import { fromByteText } from './wire/byte-text.js'

/** Lists what a test has left in a vhost, one sentence each: unsettled deliveries, consumers and connections. */
export function leftIn({ name, queues }: Vhost, sessions: Sessions): string[] {
  const perQueue = [...queues.values()].flatMap(({ name: queue, unackedCount, consumers }) => [
    ...(unackedCount === 0 ? [] : [`${counted(unackedCount, 'delivery', 'deliveries')} of '${queue}' not settled`]),
    ...(consumers.count === 0 ? [] : [`${counted(consumers.count, 'consumer', 'consumers')} of '${queue}'`]),
  ])
  const open = sessions.all().filter(({ identity }) => identity.vhost === name)
  const names = open.map(({ identity }) => `the connection ${identity.name}`)
  return [...perQueue, ...names].map(fromByteText)
}

/** How many deliveries of a vhost are unsettled. */
export function unsettledIn({ queues }: Vhost): number {
  return [...queues.values()].reduce((sum, queue) => sum + queue.unackedCount, 0)
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}
