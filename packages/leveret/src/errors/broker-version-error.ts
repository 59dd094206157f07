import { LeveretError } from './leveret-error.js'

/**
 * A contract asks for what this broker cannot do, and would not refuse by itself. Nothing was declared and nothing was sent.
 * Upgrade the broker, or describe the contract without it.
 */
export class BrokerVersionError extends LeveretError implements VersionGap {
  override readonly name = 'BrokerVersionError'
  readonly retryable = false
  readonly queue: string
  readonly feature: string
  readonly since: string
  readonly product: string
  readonly version: string

  /** @param ways - where it was asked, and how to do without */
  constructor(gap: VersionGap, ways: { readonly address: string; readonly instead: string }) {
    const { queue, feature, since, product, version } = gap
    super(
      `The queue '${queue}' needs RabbitMQ ${since} or later for ${feature}, and ${ways.address} is ${product} ${version}. ` +
        'Older ones accept such a queue without a word and do not do what it says, so it is not used. ' +
        `Either upgrade the broker (every node of a cluster), or ${ways.instead}.`,
    )
    this.queue = queue
    this.feature = feature
    this.since = since
    this.product = product
    this.version = version
  }
}

/** What a contract asks of the broker, and who was asked. */
export interface VersionGap {
  /** Name of the queue that needs it. */
  readonly queue: string
  /** As the contract calls it, for example `retry.native`. */
  readonly feature: string
  /** The first RabbitMQ that does it, for example `4.3`. */
  readonly since: string
  /** What answered, for example `RabbitMQ` and `4.0.5`. */
  readonly product: string
  readonly version: string
}
