import net from 'node:net'
import type { RabbitMQ } from '@leveret/testing'
import { serve } from './serve.js'

/** A way to a broker on which it gives itself out for another version. */
export interface Pretender {
  /** The same URL by this way. */
  urlFor(url: string): string
  /** From the next connection on. */
  pretend(age: 'old' | 'new'): void
  /** Ends the connections there are. */
  cut(): void
}

/** Every digit of the broker's version becomes a 9 where it is to seem new, and a 0 where it is to seem old. */
export async function pretender({ version, url }: RabbitMQ, age: 'old' | 'new'): Promise<Pretender> {
  const { hostname: host, port } = new URL(url)
  const clients = new Set<net.Socket>()
  let digit = digitOf(age)
  const ownPort = await serve((client) => {
    clients.add(client)
    const broker = net.connect({ host, port: Number(port) })
    broker.on('error', () => client.destroy()).on('close', () => client.destroy())
    client.on('close', () => clients.delete(client) && broker.destroy())
    client.pipe(broker)
    const said = version.replaceAll(/\d/g, digit)
    // The version is in connection.start, which is what comes first.
    broker.once('data', (start: Buffer) => {
      client.write(start.toString('latin1').replace(version, said), 'latin1')
      broker.pipe(client)
    })
  })
  return {
    urlFor: (target) => Object.assign(new URL(target), { hostname: '127.0.0.1', port: String(ownPort) }).href,
    pretend: (next) => {
      digit = digitOf(next)
    },
    cut: () => {
      for (const client of clients) client.resetAndDestroy()
    },
  }
}

function digitOf(age: 'old' | 'new'): string {
  return age === 'new' ? '9' : '0'
}
