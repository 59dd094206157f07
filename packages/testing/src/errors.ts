/**
 * The error when no broker can be started on this machine: neither a Docker engine nor a `rabbitmq-server` was found.
 */
export class NoBrokerError extends Error {
  override readonly name = 'NoBrokerError'
}

/**
 * The error when a broker was started but did not become ready. The message holds its first error and the end of its
 * log.
 */
export class BrokerStartError extends Error {
  override readonly name = 'BrokerStartError'
}
