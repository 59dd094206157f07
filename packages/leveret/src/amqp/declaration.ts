import type { BrokerNeed } from './broker-identity.js'

/** A queue as declared. `arguments` are the wire's own, and the only ones. */
export interface QueueDeclaration {
  readonly kind: 'queue'
  readonly name: string
  readonly durable: boolean
  readonly arguments: Readonly<Record<string, unknown>>
  /** What leveret uses it for, where it is not the queue that a contract is named after. */
  readonly part?: 'dead-letter' | 'delay' | 'stream'
  /** Somebody else declares it: it is only asked for, and what is said of it here is not compared. */
  readonly existing?: true
  /** What its arguments, or the way its messages are settled, ask of the broker's version. */
  readonly needs?: BrokerNeed
}

/** RabbitMQ's own types of exchanges, and those of its plugins. */
export type ExchangeType = 'fanout' | 'direct' | 'topic' | 'headers' | `x-${string}`

/** An exchange as declared. */
export interface ExchangeDeclaration {
  readonly kind: 'exchange'
  readonly name: string
  readonly type: ExchangeType
  readonly durable: boolean
  readonly autoDelete: boolean
  readonly internal: boolean
  readonly arguments: Readonly<Record<string, unknown>>
  /** Somebody else declares it: it is only asked for, and what is said of it here is not compared. */
  readonly existing?: true
}

/** What an exchange passes on. The same binding declared twice is one. */
export interface BindingDeclaration {
  readonly kind: 'binding'
  /** The exchange that messages come from. */
  readonly source: string
  readonly to: 'queue' | 'exchange'
  readonly destination: string
  readonly bindingKey: string
  readonly arguments: Readonly<Record<string, unknown>>
}

/** What can be declared. */
export type Declaration = QueueDeclaration | ExchangeDeclaration | BindingDeclaration

/** What the broker says of a queue. Counts are those of the moment. */
export interface QueueStatus {
  readonly name: string
  /** Messages ready for delivery. */
  readonly messageCount: number
  readonly consumerCount: number
}
