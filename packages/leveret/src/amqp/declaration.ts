import type { BrokerNeed } from './broker-identity.js'

/** A queue to declare. `arguments` are exactly those of the wire; none are added. */
export interface QueueDeclaration {
  readonly kind: 'queue'
  readonly name: string
  readonly durable: boolean
  readonly arguments: Readonly<Record<string, unknown>>
  /** The purpose of a queue that belongs to a contract but does not have its name. */
  readonly part?: 'dead-letter' | 'delay' | 'stream'
  /** Set for a queue that something else declares. leveret only checks that it exists, and compares nothing else. */
  readonly existing?: true
  /** The feature of a RabbitMQ version that the arguments need, or the way in which messages are settled. */
  readonly needs?: BrokerNeed
}

/** Types of RabbitMQ's own exchanges, and of those of its plugins. */
export type ExchangeType = 'fanout' | 'direct' | 'topic' | 'headers' | `x-${string}`

/** An exchange to declare. */
export interface ExchangeDeclaration {
  readonly kind: 'exchange'
  readonly name: string
  readonly type: ExchangeType
  readonly durable: boolean
  readonly autoDelete: boolean
  readonly internal: boolean
  readonly arguments: Readonly<Record<string, unknown>>
  /**
   * Set for an exchange that something else declares. leveret only checks that it exists, and compares nothing else.
   */
  readonly existing?: true
}

/** A binding to declare. The same binding declared twice is one. */
export interface BindingDeclaration {
  readonly kind: 'binding'
  /** Name of the exchange that messages come from. */
  readonly source: string
  readonly to: 'queue' | 'exchange'
  readonly destination: string
  readonly bindingKey: string
  readonly arguments: Readonly<Record<string, unknown>>
}

/** Anything that leveret declares on the broker. */
export type Declaration = QueueDeclaration | ExchangeDeclaration | BindingDeclaration

/** The broker's answer about a queue. Counts are those of the moment. */
export interface QueueStatus {
  readonly name: string
  /** How many messages are ready for delivery. */
  readonly messageCount: number
  readonly consumerCount: number
}
