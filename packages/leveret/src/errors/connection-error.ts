import { LeveretError } from './leveret-error.js'

/**
 * The broker cannot be reached, or the connection was lost. `reason` says whether to wait (leveret goes on trying) or
 * to alert somebody.
 */
export class ConnectionError extends LeveretError {
  override readonly name = 'ConnectionError'
  readonly retryable: boolean
  readonly reason: ConnectionFailure

  constructor(reason: ConnectionFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
    this.retryable = !FATAL_AT_START.has(reason)
  }
}

/**
 * Reason for which a connection or a consumer is missing:
 * - `unreachable`: no TCP or TLS connection came about, or the broker is starting or stopping
 * - `timeout`: the peer accepted the connection and did not answer in time
 * - `protocol`: the peer does not speak AMQP 0-9-1 on this port (for example TLS on a plain port), or its answer fits
 *   no request
 * - `login-refused`, `vhost-not-found`, `vhost-refused`: the broker refused the user or the vhost
 * - `credentials`: the credentials provider failed, or took too long
 * - `limit`: the broker has as many connections, or the connection has as many channels, as allowed
 * - `tls`: the broker's certificate did not verify, or the broker did not accept the client's certificate
 * - `lost`: an open connection went away
 * - `cancelled`: the connection is open, and the broker has cancelled a consumer
 */
export type ConnectionFailure =
  | 'unreachable'
  | 'timeout'
  | 'protocol'
  | 'credentials'
  | 'login-refused'
  | 'vhost-not-found'
  | 'vhost-refused'
  | 'limit'
  | 'tls'
  | 'lost'
  | 'cancelled'

const FATAL_AT_START: ReadonlySet<ConnectionFailure> = new Set([
  'login-refused',
  'vhost-not-found',
  'vhost-refused',
  'tls',
])
