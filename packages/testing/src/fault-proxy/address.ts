/** Default port of each protocol. */
const PORTS: Readonly<Record<string, number>> = { 'amqp:': 5672, 'amqps:': 5671 }

/** Target of a TCP connection. */
export interface Address {
  /** Host name, or an IP address without brackets. */
  readonly host: string
  readonly port: number
}

/**
 * Returns the address that an AMQP URL leads to.
 *
 * @throws Error if it is not an AMQP URL, or names no host
 */
export function addressOf(url: string): Address {
  const { protocol, hostname, port } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '', port: '' }
  const defaultPort = PORTS[protocol]
  if (defaultPort === undefined || hostname === '')
    throw new Error(`Expected an amqp: or amqps: URL with a host, not ${url}`)
  // A URL has brackets around an IPv6 address; a socket needs it without.
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? defaultPort : Number(port) }
}
