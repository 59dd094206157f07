import { createSecureContext } from 'node:tls'

/** Certificates of a broker that listens with TLS, as PEM. */
export interface BrokerCertificates {
  /** Certificate of the authority that must have issued the clients' certificates. */
  readonly ca: string
  /** Certificate of the broker, the same for all nodes. */
  readonly cert: string
  readonly key: string
}

/** TLS listener of a node, and the folder of its {@link certificateFiles}. */
export interface TlsListener {
  /** A port, or an address with a port, as `rabbitmq.conf` needs it. */
  readonly listener: string
  readonly directory: string
}

/**
 * Refuses certificates with which a broker would start, but fail every handshake.
 *
 * @throws Error if one of them is not PEM, or the key does not belong to the certificate
 */
export function checkCertificates({ ca, cert, key }: BrokerCertificates): void {
  createSecureContext({ ca, cert, key })
}

/** Returns the files of a node's certificates. */
export function certificateFiles({ ca, cert, key }: BrokerCertificates): { name: string; content: string }[] {
  return [
    { name: 'ca.pem', content: ca },
    { name: 'cert.pem', content: cert },
    { name: 'key.pem', content: key },
  ]
}

/** Returns the lines of `rabbitmq.conf` for TLS. A client may present a certificate, but need not. */
export function tlsConfig({ listener, directory }: TlsListener): string[] {
  return [
    `listeners.ssl.default = ${listener}`,
    `ssl_options.cacertfile = ${directory}/ca.pem`,
    `ssl_options.certfile = ${directory}/cert.pem`,
    `ssl_options.keyfile = ${directory}/key.pem`,
    'ssl_options.verify = verify_peer',
    'ssl_options.fail_if_no_peer_cert = false',
  ]
}
