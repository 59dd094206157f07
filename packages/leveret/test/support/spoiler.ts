import net from 'node:net'
import { serve } from './serve.js'

/** A way to a broker on which bytes can be changed. */
export interface Spoiler {
  readonly url: string
  /**
   * Changes what comes from the broker next.
   *
   * @param how - gets a piece of what comes; `undefined` leaves that as it is, and the next piece is tried
   */
  spoil(how: (bytes: Buffer) => Buffer | undefined): void
  /** Ends the links there are. */
  cut(): void
}

/** @param to - an AMQP URL */
export async function spoiler(to: string): Promise<Spoiler> {
  const { hostname: host, port } = new URL(to)
  let next: ((bytes: Buffer) => Buffer | undefined) | undefined
  const clients = new Set<net.Socket>()
  const own = await serve((client) => {
    clients.add(client)
    const broker = net.connect({ host, port: Number(port) })
    broker.on('error', () => client.destroy()).on('close', () => client.destroy())
    client.on('close', () => clients.delete(client) && broker.destroy())
    client.pipe(broker)
    broker.on('data', (bytes: Buffer) => {
      const spoilt = next?.(bytes)
      if (spoilt !== undefined) next = undefined
      client.write(spoilt ?? bytes)
    })
  })
  const url = Object.assign(new URL(to), { hostname: '127.0.0.1', port: String(own) }).href
  return {
    url,
    spoil: (how) => {
      next = how
    },
    cut: () => {
      for (const client of clients) client.resetAndDestroy()
    },
  }
}
