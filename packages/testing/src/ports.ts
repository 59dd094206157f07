import { createServer } from 'node:net'
import type { NodePorts } from './node-process.js'
import type { StartOptions } from './rabbitmq.js'

const given = new Set<number>()

/**
 * Finds a free TCP port, and never returns the same one twice in this process.
 *
 * It lies below the range of outgoing ports (from 32768 on Linux). A broker that is down must find its port free again.
 * And a client that keeps dialling a port of that range can end up connected to itself.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
  throw new Error('Found no free TCP port between 20000 and 32000 in 100 tries; end what occupies them.')
}

/** Finds the ports of one node. */
export async function freeNodePorts({ tls }: Pick<StartOptions, 'tls'>): Promise<NodePorts> {
  return {
    amqpPort: await freePort(),
    managementPort: await freePort(),
    tlsPort: tls === undefined ? undefined : await freePort(),
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)))
  })
}
