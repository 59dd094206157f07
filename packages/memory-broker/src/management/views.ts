import type { Queue } from '../broker/queue/queue.js'
import type { Binding, Exchange } from '../broker/routing/exchange.js'
import type { ChannelConsumer } from '../session/channel/channel-consumer.js'
import type { ChannelState } from '../session/channel/channel-state.js'
import type { Connection } from '../session/connection.js'
import { toByteText } from '../wire/byte-text.js'
import type { Properties } from '../wire/properties.js'
import { NODE } from './broker-routes.js'

/** Describes a queue with the names of the management API. */
export function queueView(queue: Queue, vhost: string): Record<string, unknown> {
  return {
    name: queue.name,
    vhost,
    type: queue.type,
    durable: queue.durable,
    exclusive: queue.owner !== undefined,
    auto_delete: queue.autoDelete,
    arguments: flat(queue.args.toObject()),
    state: 'running',
    node: NODE,
    ...(queue.type === 'classic' ? {} : { leader: NODE, members: [NODE], online: [NODE] }),
    policy: queue.policy?.name ?? null,
    effective_policy_definition: queue.policy?.definition ?? {},
    messages: queue.total,
    messages_ready: queue.total - queue.unackedCount,
    messages_unacknowledged: queue.unackedCount,
    messages_delayed: queue.delayed,
    message_bytes: queue.bytes,
    consumers: queue.consumers.count,
  }
}

export function exchangeView(exchange: Exchange, vhost: string): Record<string, unknown> {
  const { name, type, durable, autoDelete: auto_delete, internal, args } = exchange
  return { name, vhost, type, durable, auto_delete, internal, arguments: flat(args.toObject()) }
}

export function bindingView(
  source: string,
  { destination, routingKey, args }: Binding,
  vhost: string,
): Record<string, unknown> {
  return {
    source,
    vhost,
    destination: destination.name,
    destination_type: destination.kind,
    routing_key: routingKey,
    arguments: flat(args.toObject()),
    properties_key: routingKey === '' ? '~' : routingKey,
  }
}

export function connectionView(connection: Connection): Record<string, unknown> {
  const { identity } = connection
  return {
    name: identity.name,
    vhost: identity.vhost,
    user: identity.user,
    node: NODE,
    state: connection.isBlocked ? 'blocked' : 'running',
    channels: connection.channels.all().length,
    client_properties: flat(identity.clientProperties.toObject()),
    connected_at: identity.connectedAtMs,
    timeout: identity.agreement?.heartbeatSeconds,
    frame_max: identity.agreement?.frameMax,
    channel_max: identity.agreement?.channelMax,
  }
}

export function channelView(state: ChannelState, connection: string): Record<string, unknown> {
  return {
    name: `${connection} (${state.number})`,
    number: state.number,
    vhost: state.vhost.name,
    user: state.connection.user,
    node: NODE,
    state: 'running',
    confirm: state.confirms !== undefined,
    transactional: state.transaction !== undefined,
    prefetch_count: state.prefetch,
    global_prefetch_count: state.globalPrefetch,
    consumer_count: state.consumers.size,
    messages_unacknowledged: state.ledger.size,
    messages_unconfirmed: 0,
    connection_details: { name: connection },
  }
}

export function consumerView(
  consumer: ChannelConsumer,
  state: ChannelState,
  connection: string,
): Record<string, unknown> {
  return {
    consumer_tag: consumer.tag,
    queue: { name: consumer.queue.name, vhost: state.vhost.name },
    ack_required: !consumer.noAck,
    exclusive: consumer.exclusive,
    active: consumer.queue.consumers.isActive(consumer),
    activity_status: consumer.queue.consumers.isActive(consumer) ? 'up' : 'waiting',
    prefetch_count: consumer.prefetch,
    arguments: {},
    channel_details: { name: `${connection} (${state.number})`, number: state.number, connection_name: connection },
  }
}

const NAMES: Readonly<Record<string, string>> = {
  contentType: 'content_type',
  contentEncoding: 'content_encoding',
  deliveryMode: 'delivery_mode',
  priority: 'priority',
  correlationId: 'correlation_id',
  replyTo: 'reply_to',
  expiration: 'expiration',
  messageId: 'message_id',
  timestamp: 'timestamp',
  type: 'type',
  userId: 'user_id',
  appId: 'app_id',
  clusterId: 'cluster_id',
}

/** Describes the properties of a message with the names of the management API. */
export function propertiesView({ headers, ...properties }: Properties): Record<string, unknown> {
  const named = Object.entries(properties).map(([name, value]) => [
    NAMES[name],
    typeof value === 'bigint' ? Number(value) : value,
  ])
  const shown = headers === undefined ? {} : { headers: flat(headers.toObject()) }
  return { ...Object.fromEntries(named), ...shown }
}

/** Converts a value to JSON. A time becomes its seconds; a text becomes a byte text, like all texts here. */
function flat(value: unknown): unknown {
  if (typeof value === 'string') return toByteText(value)
  if (typeof value === 'bigint') return Number(value)
  if (Buffer.isBuffer(value)) return value.toString('latin1')
  if (Array.isArray(value)) return value.map(flat)
  if (typeof value !== 'object' || value === null) return value
  if ('timestamp' in value && Object.keys(value).length === 1) return value.timestamp
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [toByteText(name), flat(item)]))
}
