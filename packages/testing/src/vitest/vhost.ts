import { randomUUID } from 'node:crypto'
import type { ClientChannel, ClientConnection, Consumer, Queue } from '@leveret/management'
import type { RabbitMQ } from '../rabbitmq.js'

/** A vhost of one test: no other test sees what the test declares. */
export interface Vhost {
  readonly name: string
  /** URL of the broker with this vhost. */
  readonly url: string
  queues(): Promise<Queue[]>
  queue(name: string): Promise<Queue>
  consumers(): Promise<Consumer[]>
  channels(): Promise<ClientChannel[]>
  connections(): Promise<ClientConnection[]>
  /**
   * Makes the broker close the connections to this vhost, with 320 CONNECTION_FORCED, including those opened a moment
   * ago.
   *
   * @returns how many connections there were
   */
  closeConnections(reason?: string): Promise<number>
}

/** Creates a vhost with a new name; delete it with `broker.management.deleteVhost(vhost.name)`. */
export async function createVhost({ management, url }: Pick<RabbitMQ, 'management' | 'url'>): Promise<Vhost> {
  const name = `test-${randomUUID()}`
  await management.createVhost(name, userOf(url))
  return {
    name,
    url: vhostUrl(url, name),
    queues: () => management.queues(name),
    queue: (queue) => management.queue(name, queue),
    consumers: () => management.consumers(name),
    channels: () => management.channels(name),
    connections: () => management.connections(name),
    closeConnections: (reason) => management.closeAllConnections(name, reason),
  }
}

function userOf(url: string): string {
  return decodeURIComponent(new URL(url).username) || 'guest'
}

function vhostUrl(url: string, vhost: string): string {
  const changed = new URL(url)
  changed.pathname = `/${encodeURIComponent(vhost)}`
  return changed.href
}
