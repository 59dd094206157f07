import { LeveretError } from './leveret-error.js'

/** There is no connection to the broker. Wait (leveret goes on trying) or alert, by `reason`. */
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
 * Why there is no connection:
 * - `unreachable`: no TCP or TLS connection came about, or the broker is starting or stopping
 * - `timeout`: something accepted the connection and did not answer in time
 * - `protocol`: what answered does not speak AMQP 0-9-1 here (for example TLS on a plain port), or said what fits nothing that was asked
 * - `login-refused`, `vhost-not-found`, `vhost-refused`: the broker's answer to who we are and where we want to go
 * - `credentials`: the credentials provider failed, or took too long
 * - `limit`: the broker has as many connections, or the connection as many channels, as it may have
 * - `tls`: the broker's certificate did not verify, or it did not accept ours
 * - `lost`: an open connection went away
 * - `cancelled`: the connection stands, and the broker has taken a consumer away
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
