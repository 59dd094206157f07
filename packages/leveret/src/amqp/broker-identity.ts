/** Who answers at the other end of a connection, in its own words. */
export interface BrokerIdentity {
  /** `amqp://ann@broker:5672`, never with a password. */
  readonly address: string
  /** `RabbitMQ`, unless it is something else that speaks AMQP 0-9-1. */
  readonly product: string
  /** For example `4.3.6`. */
  readonly version: string
}

/** A version as far as it decides what a broker can do. */
export type MinorVersion = `${number}.${number}`

/** What an older RabbitMQ accepts without a word and does not do, so that only its version can refuse it. */
export interface BrokerNeed {
  /** The first RabbitMQ that does it. */
  readonly since: MinorVersion
  /** As the user calls it. */
  readonly feature: string
  /** How to do without it. */
  readonly instead: string
}

/** Reads what the broker says of itself in the handshake. */
export function readIdentity(address: string, { product, version }: Readonly<Record<string, unknown>>): BrokerIdentity {
  return { address, product: readText(product), version: readText(version) }
}

/** Whether it is a RabbitMQ of this version or a later one. Others count their versions in their own way. */
export function isRabbitMQSince({ product, version }: BrokerIdentity, since: MinorVersion): boolean {
  if (product !== 'RabbitMQ') return false
  const [major, minor] = numbersOf(version)
  const [wantedMajor, wantedMinor] = numbersOf(since)
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
}

/** `4.3.0-rc.1` is 4 and 3. What is no version is older than all. */
function numbersOf(version: string): readonly [number, number] {
  const [, major = '-1', minor = '-1'] = /^(\d+)\.(\d+)/.exec(version) ?? []
  return [Number(major), Number(minor)]
}

function readText(value: unknown): string {
  if (Buffer.isBuffer(value)) return value.toString()
  return typeof value === 'string' ? value : 'unknown'
}
