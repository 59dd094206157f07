/**
 * Answer of the management API, with its own names, as far as tests read it. Counts are missing at first: the broker
 * takes them a moment after the thing itself appeared.
 *
 * @see https://www.rabbitmq.com/docs/http-api-reference
 */
export interface Overview {
  readonly rabbitmq_version: string
  readonly erlang_version: string
  readonly cluster_name: string
  /** Name of the node that answered. */
  readonly node: string
}

/** A node of the cluster. */
export interface ClusterNode {
  readonly name: string
  readonly running: boolean
  readonly mem_alarm?: boolean
  readonly disk_free_alarm?: boolean
}

/** A queue. Its counts and its policy may be a second old. */
export interface Queue {
  readonly name: string
  readonly vhost: string
  readonly type: 'classic' | 'quorum' | 'stream'
  readonly durable: boolean
  readonly exclusive: boolean
  readonly auto_delete: boolean
  readonly arguments: Readonly<Record<string, unknown>>
  readonly state?: string
  /** Name of the node that holds the queue, or its leader. */
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

/** An exchange; the default exchange has an empty name. */
export interface Exchange {
  readonly name: string
  readonly vhost: string
  readonly type: string
  readonly durable: boolean
  readonly auto_delete: boolean
  readonly internal: boolean
  readonly arguments: Readonly<Record<string, unknown>>
}

/** A binding from an exchange to a queue or to another exchange. The name of the default exchange is empty. */
export interface Binding {
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
  /** Regular expression for names. */
  readonly pattern: string
  readonly definition: Readonly<Record<string, unknown>>
  readonly priority?: number
  readonly 'apply-to'?: 'queues' | 'exchanges' | 'all' | 'classic_queues' | 'quorum_queues' | 'streams'
}

/** Regular expressions for the names that a user may configure, write to and read from. */
export interface Permissions {
  readonly configure: string
  readonly write: string
  readonly read: string
}
