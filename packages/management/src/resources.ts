/**
 * The broker's version and name.
 *
 * This file holds the answers of the management API, with its own names, as far as they are read here. Counts are
 * missing until the broker first takes them, a moment after the thing itself appeared.
 *
 * @see https://www.rabbitmq.com/docs/http-api-reference
 */
export interface Overview {
  readonly rabbitmq_version: string
  readonly erlang_version: string
  readonly cluster_name: string
  /** The node that answered. */
  readonly node: string
  /** Counters since the start of the broker, or of its statistics. */
  readonly message_stats?: MessageStatistics
}

/** Counters of messages. */
export interface MessageStatistics {
  readonly publish?: number
  /** How many messages no queue took and were returned to their sender. */
  readonly return_unroutable?: number
  /** How many messages no queue took and were dropped silently. */
  readonly drop_unroutable?: number
  readonly deliver_get?: number
  readonly ack?: number
  readonly redeliver?: number
}

/** The user of the client. */
export interface Whoami {
  readonly name: string
  /** The tags: a list, or before RabbitMQ 3.9 a text with commas. */
  readonly tags: readonly string[] | string
}

/**
 * A feature that all nodes of a cluster must support before it is enabled.
 * @see https://www.rabbitmq.com/docs/feature-flags
 */
export interface FeatureFlag {
  readonly name: string
  readonly state: 'enabled' | 'disabled' | 'unavailable' | string
  readonly stability: 'required' | 'stable' | 'experimental' | string
  readonly desc?: string
}

/** A feature that a later version will remove. @see https://www.rabbitmq.com/docs/deprecated-features */
export interface DeprecatedFeature {
  readonly name: string
  readonly state: string
  readonly deprecation_phase: string
  readonly doc_url?: string
}

/**
 * A file of definitions, as `rabbitmqctl export_definitions` writes it.
 * @see https://www.rabbitmq.com/docs/definitions
 */
export interface Definitions {
  readonly rabbit_version?: string
  readonly queues?: readonly DefinedQueue[]
  readonly exchanges?: readonly DefinedExchange[]
  readonly bindings?: readonly DefinedBinding[]
  readonly policies?: readonly (Policy & { readonly name: string; readonly vhost?: string })[]
}

/** A queue of a file of definitions. */
export interface DefinedQueue extends Pick<Queue, 'name' | 'durable' | 'auto_delete' | 'arguments'> {
  /** The vhost; missing in the definitions of one vhost. */
  readonly vhost?: string
}

/** An exchange of a file of definitions. */
export interface DefinedExchange extends Omit<Exchange, 'vhost'> {
  /** The vhost; missing in the definitions of one vhost. */
  readonly vhost?: string
}

/** A binding of a file of definitions. */
export interface DefinedBinding extends Omit<Binding, 'vhost'> {
  /** The vhost; missing in the definitions of one vhost. */
  readonly vhost?: string
}

/** A node of the cluster. */
export interface ClusterNode {
  readonly name: string
  readonly running: boolean
  readonly mem_alarm?: boolean
  readonly disk_free_alarm?: boolean
}

/** A queue. Its counts and its policy may lag a second behind. */
export interface Queue {
  readonly name: string
  readonly vhost: string
  readonly type: 'classic' | 'quorum' | 'stream'
  readonly durable: boolean
  readonly exclusive: boolean
  readonly auto_delete: boolean
  readonly arguments: Readonly<Record<string, unknown>>
  readonly state?: string
  /** The node of the queue, or of its leader. */
  readonly node?: string
  readonly leader?: string
  readonly members?: readonly string[]
  readonly online?: readonly string[]
  readonly policy?: string | null
  readonly messages?: number
  readonly messages_ready?: number
  readonly messages_unacknowledged?: number
  readonly consumers?: number
}

/** An exchange; the default one has an empty name. */
export interface Exchange {
  readonly name: string
  readonly vhost: string
  readonly type: string
  readonly durable: boolean
  readonly auto_delete: boolean
  readonly internal: boolean
  readonly arguments: Readonly<Record<string, unknown>>
}

/** A binding from an exchange, whose name is empty for the default one, to a queue or another exchange. */
export interface Binding {
  readonly vhost?: string
  readonly source: string
  readonly destination: string
  readonly destination_type: 'queue' | 'exchange'
  readonly routing_key: string
  readonly arguments: Readonly<Record<string, unknown>>
}

/** A client's connection. */
export interface ClientConnection {
  readonly name: string
  readonly vhost?: string
  readonly user?: string
  readonly node?: string
  readonly state?: string
  readonly channels?: number
  /** The agreed heartbeat, in seconds; 0 for none. */
  readonly timeout?: number
  readonly ssl?: boolean
  readonly client_properties?: Readonly<Record<string, unknown>>
}

/** A channel of a client's connection. */
export interface ClientChannel {
  readonly name: string
  readonly number: number
  readonly vhost?: string
  readonly user?: string
  readonly confirm?: boolean
  readonly prefetch_count?: number
  readonly consumer_count?: number
  readonly messages_unacknowledged?: number
  readonly messages_unconfirmed?: number
  readonly connection_details?: { readonly name: string }
  readonly message_stats?: MessageStatistics
}

/** A consumer of a queue. */
export interface Consumer {
  readonly consumer_tag: string
  readonly queue: { readonly name: string; readonly vhost: string }
  readonly ack_required: boolean
  readonly active?: boolean
  readonly prefetch_count: number
  readonly channel_details?: { readonly name?: string; readonly connection_name?: string }
}

/** A message taken from a queue through the management API. */
export interface StoredMessage {
  readonly payload: string
  readonly payload_encoding: 'string' | 'base64'
  readonly redelivered: boolean
  readonly exchange: string
  readonly routing_key: string
  /** How many messages the queue held behind this one. */
  readonly message_count: number
  readonly properties: Readonly<Record<string, unknown>>
}

/** A policy to set. */
export interface Policy {
  /** A regular expression over names. */
  readonly pattern: string
  readonly definition: Readonly<Record<string, unknown>>
  readonly priority?: number
  readonly 'apply-to'?: 'queues' | 'exchanges' | 'all' | 'classic_queues' | 'quorum_queues' | 'streams'
}

/** An existing policy. */
export interface StoredPolicy extends Policy {
  readonly name: string
  readonly vhost: string
}

/** The permissions of a user in a vhost. */
export interface UserPermissions extends Permissions {
  readonly user: string
  readonly vhost: string
}

/** Regular expressions for the names that a user may configure, write to and read from. */
export interface Permissions {
  readonly configure: string
  readonly write: string
  readonly read: string
}
