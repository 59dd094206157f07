/** The default port of each protocol. */
const PORTS: Readonly<Record<string, number>> = { 'amqp:': 5672, 'amqps:': 5671 }

/** Where a TCP connection leads to. */
export interface Address {
  /** A name, or an IP address without brackets. */
  readonly host: string
  readonly port: number
}

/**
 * The address that an AMQP URL leads to.
 *
 * @throws Error it is no AMQP URL, or names no host
 */
export function addressOf(url: string): Address {
  const { protocol, hostname, port } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '', port: '' }
  const defaultPort = PORTS[protocol]
  if (defaultPort === undefined || hostname === '')
    throw new Error(`Expected an amqp: or amqps: URL with a host, not ${url}`)
  // A URL has an IPv6 address in brackets; a socket takes it without.
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? defaultPort : Number(port) }
}
