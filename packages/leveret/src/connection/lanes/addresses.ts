import dns, { type LookupAddress } from 'node:dns'
import net from 'node:net'
import type { Endpoint } from '../../amqp/endpoint.js'
import { unlessAborted } from '../../async/timing.js'

/**
 * Resolves the host of an endpoint to its addresses, each as an endpoint of its own.
 *
 * They come in the resolver's order, because it knows which one is near and spreads the clients of a name.
 *
 * @throws what `dns.lookup` says; the signal's reason
 */
export async function addressesOf(endpoint: Endpoint, signal: AbortSignal): Promise<readonly Endpoint[]> {
  if (net.isIP(endpoint.host) !== 0) return [endpoint]
  const found = await unlessAborted(signal, lookUp(endpoint.host))
  return [...new Set(found.map(({ address }) => address))].map((address) => ({ ...endpoint, address }))
}

function lookUp(host: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    dns.lookup(host, { all: true }, (error, addresses) => {
      if (error === null) resolve(addresses)
      else reject(error)
    })
  })
}
