/** No broker can be started here: neither a Docker engine nor a `rabbitmq-server` was found. */
export class NoBrokerError extends Error {
  override readonly name = 'NoBrokerError'
}

/** A broker that was started did not become ready. The message holds its first error and the end of its log. */
export class BrokerStartError extends Error {
  override readonly name = 'BrokerStartError'
}
