import { createSecureContext } from 'node:tls'

/** What a broker needs to listen with TLS, as PEM. */
export interface BrokerCertificates {
  /** The authority that clients' certificates are checked against. */
  readonly ca: string
  /** The broker's own certificate; every node shows the same. */
  readonly cert: string
  readonly key: string
}

/** Where a node listens with TLS, and the folder of its {@link certificateFiles}. */
export interface TlsListener {
  /** A port, or an address with a port, as `rabbitmq.conf` wants it. */
  readonly listener: string
  readonly directory: string
}

/**
 * Refuses what a broker would start with, only to fail every handshake.
 *
 * @throws Error something is no PEM, or the key is not that of the certificate
 */
export function checkCertificates({ ca, cert, key }: BrokerCertificates): void {
  createSecureContext({ ca, cert, key })
}

/** The files of a node's certificates. */
export function certificateFiles({ ca, cert, key }: BrokerCertificates): { name: string; content: string }[] {
  return [
    { name: 'ca.pem', content: ca },
    { name: 'cert.pem', content: cert },
    { name: 'key.pem', content: key },
  ]
}

/** The lines of `rabbitmq.conf` that make a node listen with TLS. A client may show a certificate, but need not. */
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
