import type { Check } from '../../check.js'

/** Finds connections without heartbeats: if such a connection dies silently, no peer notices. */
export const heartbeats: Check = {
  name: 'heartbeats',
  ask: ({ connections }) =>
    connections
      .filter(({ timeout }) => timeout === 0)
      .map(({ name, user }) => ({
        severity: 'warning',
        subject: name,
        evidence: `a connection of '${user}' has no heartbeat: a silent failure of the network is not noticed`,
        wayOut: 'set a heartbeat of 5 to 30 seconds on the client (heartbeatMs in leveret)',
      })),
}
