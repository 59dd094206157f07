import type { Check } from '../../check.js'

/** Finds consumers of one queue whose connections have the names of different services. */
export const serviceNames: Check = {
  name: 'service-names',
  ask: ({ consumers, connections }) => {
    const programs = new Map(
      connections.map(({ name, client_properties }) => [name, client_properties?.connection_name]),
    )
    const byQueue = new Map<string, Set<string>>()
    for (const { queue, channel_details } of consumers) {
      const program = programs.get(channel_details?.connection_name ?? '')
      if (typeof program !== 'string') continue
      byQueue.set(queue.name, (byQueue.get(queue.name) ?? new Set()).add(serviceIn(program)))
    }
    return [...byQueue]
      .filter(([, services]) => services.size > 1)
      .map(([queue, services]) => ({
        severity: 'note',
        subject: queue,
        evidence: `its consumers have connections named ${[...services].map((one) => `'${one}'`).join(' and ')}`,
        wayOut: 'give all instances of a service the same connection name, or find out who else consumes this queue',
      }))
  },
}

/** Returns the service in a name: `orders` for `orders-7` and `orders 4711`. */
function serviceIn(name: string): string {
  return name.replace(/[\s:@#_-]+(consume|publish)\b.*$/i, '').replace(/[\s:@#_-]*\d[\w-]*$/, '') || name
}
