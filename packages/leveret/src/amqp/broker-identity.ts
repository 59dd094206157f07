/** The broker at the other end of a connection, as it describes itself. */
export interface BrokerIdentity {
  /** Address such as `amqp://ann@broker:5672`, never with a password. */
  readonly address: string
  /** `RabbitMQ`, or the name of another product that speaks AMQP 0-9-1. */
  readonly product: string
  /** Version, for example `4.3.6`. */
  readonly version: string
}

/** The part of a version that decides what a broker can do. */
export type MinorVersion = `${number}.${number}`

/** A feature that an older RabbitMQ ignores without an error, so that leveret has to check the broker's version. */
export interface BrokerNeed {
  /** The first RabbitMQ that has the feature. */
  readonly since: MinorVersion
  /** Name of the feature in the contract. */
  readonly feature: string
  /** Advice how to do without the feature. */
  readonly instead: string
}

/** Reads the broker's server properties of the handshake. */
export function readIdentity(address: string, { product, version }: Readonly<Record<string, unknown>>): BrokerIdentity {
  return { address, product: readText(product), version: readText(version) }
}

/** Whether the broker is a RabbitMQ of this version or a later one. Other products count their versions differently. */
export function isRabbitMQSince({ product, version }: BrokerIdentity, since: MinorVersion): boolean {
  if (product !== 'RabbitMQ') return false
  const [major, minor] = numbersOf(version)
  const [wantedMajor, wantedMinor] = numbersOf(since)
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
}

/** Reads major and minor version: 4 and 3 from `4.3.0-rc.1`. A text that is no version counts as older than all. */
function numbersOf(version: string): readonly [number, number] {
  const [, major = '-1', minor = '-1'] = /^(\d+)\.(\d+)/.exec(version) ?? []
  return [Number(major), Number(minor)]
}

function readText(value: unknown): string {
  if (Buffer.isBuffer(value)) return value.toString()
  return typeof value === 'string' ? value : 'unknown'
}
