/** The versions of RabbitMQ that the broker can behave like. */
export type Version = '3.10' | '4.0' | '4.3'

/** Behaviour that differs between versions. */
export interface Profile {
  readonly like: Version
  /** The version that the broker reports. */
  readonly version: string
  /** The smallest `frame_max` that a client may negotiate. */
  readonly frameMin: number
  /** The frame limit before the handshake has agreed on one. */
  readonly handshakeFrameMax: number
  readonly maxMessageSize: number
  readonly mechanisms: string
  /** Whether `basic.nack(requeue=true)` of a quorum queue counts towards its delivery limit. */
  readonly nackCounts: boolean
  /** The delivery limit of a quorum queue that sets none. */
  readonly deliveryLimit: number | undefined
  /**
   * Whether a quorum queue without a limit puts a returned message at its end; else it comes before all undelivered
   * ones.
   */
  readonly requeueToEnd: boolean
  /** Whether `basic.get` reports a delivery count of 0 for a message that has never come back. */
  readonly getSaysZero: boolean
  /** Whether the properties of a message count towards the byte limit of a quorum queue. */
  readonly propertiesTakeRoom: boolean
  /** Whether `basic.qos(global=true)` sets one prefetch for the whole channel; else each consumer gets it. */
  readonly globalPrefetch: boolean
  /** Whether a message to the reply address of a closed channel is returned. */
  readonly returnsLateReplies: boolean
  readonly delayedRetry: boolean
  /** Priorities of a quorum queue: none, two levels that take turns (above 4 or not), or 32 strict levels. */
  readonly quorumPriorities: 'none' | 'two' | 'strict'
  /** Whether transient queues that are not exclusive may be declared. */
  readonly transientQueues: boolean
  /** Whether entries of `x-death` that a client wrote count. */
  readonly trustsDeaths: boolean
  readonly lastDeathHeaders: boolean
  /**
   * The failed deliveries that a dead letter carries to its next queue: none; the fact that there was one, between
   * quorum queues; or their number, from queues of any type.
   */
  readonly carriesFailures: 'nothing' | 'one' | 'all'
  /** Whether a delivery carries `x-acquired-count`. */
  readonly acquiredCount: boolean
  /** Whether a late acknowledgement cancels the consumer; else it closes the channel. */
  readonly timeoutCancels: boolean
  /** Arguments that a queue refuses, by its type. */
  readonly refusedArguments: Readonly<Record<'classic' | 'quorum' | 'stream', readonly string[]>>
  /** The most `#` that a binding key of a topic exchange may have. */
  readonly maxHashes: number
  readonly exchangeTypes: readonly string[]
  /** Whether the reply to a refused access names the missing permission. */
  readonly namesPermission: boolean
  /** Whether a stream treats `basic.nack` like an ack, as credit; else it closes the connection. */
  readonly streamNack: boolean
}

const COMMON_TYPES = ['direct', 'fanout', 'topic', 'headers']
const MIB = 1024 * 1024

const PROFILES: Readonly<Record<Version, Profile>> = {
  '3.10': {
    like: '3.10',
    version: '3.10.8',
    frameMin: 4096,
    handshakeFrameMax: 4096,
    maxMessageSize: 128 * MIB,
    mechanisms: 'PLAIN AMQPLAIN',
    nackCounts: true,
    deliveryLimit: undefined,
    requeueToEnd: true,
    getSaysZero: true,
    propertiesTakeRoom: false,
    globalPrefetch: true,
    returnsLateReplies: true,
    delayedRetry: false,
    quorumPriorities: 'none',
    transientQueues: true,
    trustsDeaths: true,
    lastDeathHeaders: false,
    carriesFailures: 'nothing',
    acquiredCount: false,
    timeoutCancels: false,
    refusedArguments: { classic: [], quorum: [], stream: [] },
    maxHashes: Number.POSITIVE_INFINITY,
    exchangeTypes: COMMON_TYPES,
    namesPermission: false,
    streamNack: false,
  },
  '4.0': {
    like: '4.0',
    version: '4.0.5',
    frameMin: 8192,
    handshakeFrameMax: 8192,
    maxMessageSize: 16 * MIB,
    mechanisms: 'PLAIN AMQPLAIN',
    nackCounts: true,
    deliveryLimit: 20,
    requeueToEnd: true,
    getSaysZero: false,
    propertiesTakeRoom: false,
    globalPrefetch: true,
    returnsLateReplies: true,
    delayedRetry: false,
    quorumPriorities: 'two',
    transientQueues: true,
    trustsDeaths: false,
    lastDeathHeaders: true,
    carriesFailures: 'one',
    acquiredCount: false,
    timeoutCancels: false,
    refusedArguments: { classic: [], quorum: [], stream: [] },
    maxHashes: Number.POSITIVE_INFINITY,
    exchangeTypes: [...COMMON_TYPES, 'x-local-random'],
    namesPermission: true,
    streamNack: true,
  },
  '4.3': {
    like: '4.3',
    version: '4.3.6',
    frameMin: 8192,
    handshakeFrameMax: 8192,
    maxMessageSize: 16 * MIB,
    mechanisms: 'PLAIN AMQPLAIN',
    nackCounts: false,
    deliveryLimit: 20,
    requeueToEnd: false,
    getSaysZero: false,
    propertiesTakeRoom: true,
    globalPrefetch: false,
    returnsLateReplies: false,
    delayedRetry: true,
    quorumPriorities: 'strict',
    transientQueues: false,
    trustsDeaths: false,
    lastDeathHeaders: true,
    carriesFailures: 'all',
    acquiredCount: true,
    timeoutCancels: true,
    refusedArguments: { classic: ['x-consumer-timeout'], quorum: [], stream: [] },
    maxHashes: 2,
    exchangeTypes: [...COMMON_TYPES, 'x-local-random', 'x-modulus-hash'],
    namesPermission: true,
    streamNack: true,
  },
}

/** @throws RangeError if there is no such profile */
export function profileOf(version: Version): Profile {
  const profile = PROFILES[version]
  if (profile === undefined) throw new RangeError(`like is ${version}; it must be ${Object.keys(PROFILES).join(', ')}`)
  return profile
}
