import { LeveretError } from './leveret-error.js'

/**
 * A contract needs a feature that this broker lacks and would ignore without an error. Nothing was declared and nothing
 * was sent. Upgrade the broker, or change the contract so that it does not need the feature.
 */
export class BrokerVersionError extends LeveretError implements VersionGap {
  override readonly name = 'BrokerVersionError'
  readonly retryable = false
  readonly queue: string
  readonly feature: string
  readonly since: string
  readonly product: string
  readonly version: string

  /** @param ways - the broker's address, and how to do without the feature */
  constructor(gap: VersionGap, ways: { readonly address: string; readonly instead: string }) {
    const { queue, feature, since, product, version } = gap
    super(
      `The queue '${queue}' needs RabbitMQ ${since} or later for ${feature}, and ${ways.address} is ${product} ${version}. ` +
        'Older versions accept the queue but ignore this setting, so leveret does not use the queue. ' +
        `Either upgrade the broker (every node of a cluster), or ${ways.instead}.`,
    )
    this.queue = queue
    this.feature = feature
    this.since = since
    this.product = product
    this.version = version
  }
}

/** The feature that a contract needs, and the broker that lacks it. */
export interface VersionGap {
  /** Name of the queue that needs the feature. */
  readonly queue: string
  /** Name of the feature in the contract, for example `retry.native`. */
  readonly feature: string
  /** The first RabbitMQ that has the feature, for example `4.3`. */
  readonly since: string
  /** Product name of the broker, for example `RabbitMQ`. Its `version` is for example `4.0.5`. */
  readonly product: string
  readonly version: string
}
