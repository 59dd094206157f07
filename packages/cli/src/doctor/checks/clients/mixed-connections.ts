import type { Check } from '../../check.js'

/** Finds connections that publish and consume: an alarm stops their acks too. */
export const mixedConnections: Check = {
  name: 'mixed-connections',
  ask: ({ channels, connections }) => {
    const use = new Map<string, { publishes: boolean; consumes: boolean }>()
    for (const { connection_details, confirm, consumer_count = 0, message_stats } of channels) {
      const name = connection_details?.name ?? ''
      const known = use.get(name) ?? { publishes: false, consumes: false }
      const publishes = known.publishes || (message_stats?.publish ?? 0) > 0
      use.set(name, {
        publishes: publishes || (confirm === true && consumer_count === 0),
        consumes: known.consumes || consumer_count > 0,
      })
    }
    return connections
      .filter(({ name, client_properties }) => isMixed(use.get(name)) && client_properties?.product !== 'leveret')
      .map(({ name, user }) => ({
        severity: 'warning',
        subject: name,
        evidence: `a connection of '${user}' publishes and consumes: during an alarm RabbitMQ reads nothing from it, not even acks`,
        wayOut: 'open one connection for publishing and one for consuming; leveret does so by itself',
      }))
  },
}

function isMixed(use: { publishes: boolean; consumes: boolean } | undefined): boolean {
  return use?.publishes === true && use.consumes
}
