import type { Management } from '@leveret/management'
import type { Cell } from '../terminal/table.js'

/** A row, by the names of its columns. */
export type Listed = Readonly<Record<string, Cell>>

interface Kind {
  readonly columns: readonly string[]
  readonly rows: (management: Management, vhost: string) => Promise<readonly Listed[]>
}

/** The kinds of things that can be listed. */
export const KINDS = {
  queues: {
    columns: ['name', 'type', 'messages', 'ready', 'unacked', 'consumers', 'policy', 'state'],
    rows: queueRows,
  },
  exchanges: { columns: ['name', 'type', 'durable', 'internal', 'bindings'], rows: exchangeRows },
  bindings: { columns: ['name', 'destination', 'to', 'key', 'arguments'], rows: bindingRows },
  connections: { columns: ['name', 'program', 'user', 'channels', 'heartbeat', 'tls', 'state'], rows: connectionRows },
  channels: {
    columns: ['name', 'connection', 'consumers', 'prefetch', 'unacked', 'unconfirmed', 'confirms'],
    rows: channelRows,
  },
  consumers: { columns: ['name', 'tag', 'connection', 'prefetch', 'acks', 'active'], rows: consumerRows },
} satisfies Record<string, Kind>

/** Lists things of one kind, sorted by name. */
export async function listOf(
  kind: keyof typeof KINDS,
  management: Management,
  vhost: string,
): Promise<readonly Listed[]> {
  const rows = await KINDS[kind].rows(management, vhost)
  return [...rows].sort((one, other) => String(one.name).localeCompare(String(other.name), 'en', { numeric: true }))
}

async function queueRows(management: Management, vhost: string): Promise<Listed[]> {
  const rows: Listed[] = []
  for await (const queues of management.queuePages(vhost, { pageSize: 500 })) {
    for (const queue of queues) {
      const {
        name,
        type,
        messages,
        messages_ready: ready,
        messages_unacknowledged: unacked,
        consumers,
        policy,
        state,
      } = queue
      rows.push({ name, type, messages, ready, unacked, consumers, policy: policy || undefined, state })
    }
  }
  return rows
}

async function exchangeRows(management: Management, vhost: string): Promise<Listed[]> {
  const [exchanges, bindings] = await Promise.all([management.exchanges(vhost), management.bindings(vhost)])
  return exchanges.map(({ name, type, durable, internal }) => ({
    name: name || '(default)',
    type,
    durable,
    internal,
    bindings: bindings.filter(({ source }) => source === name).length,
  }))
}

async function bindingRows(management: Management, vhost: string): Promise<Listed[]> {
  const bindings = await management.bindings(vhost)
  return bindings
    .filter(({ source }) => source !== '')
    .map(({ source, destination, destination_type: to, routing_key: key, arguments: args }) => ({
      name: source,
      destination,
      to,
      key,
      arguments: Object.keys(args).length === 0 ? undefined : JSON.stringify(args),
    }))
}

async function connectionRows(management: Management, vhost: string): Promise<Listed[]> {
  const connections = await management.connections(vhost)
  return connections.map(({ name, client_properties: properties = {}, user, channels, timeout, ssl, state }) => {
    const program = properties.connection_name ?? properties.product
    return {
      name,
      program: program === undefined ? undefined : String(program),
      user,
      channels,
      heartbeat: timeout,
      tls: ssl,
      state,
    }
  })
}

async function channelRows(management: Management, vhost: string): Promise<Listed[]> {
  const channels = await management.channels(vhost)
  return channels.map((channel) => ({
    name: channel.name,
    connection: channel.connection_details?.name,
    consumers: channel.consumer_count,
    prefetch: channel.prefetch_count,
    unacked: channel.messages_unacknowledged,
    unconfirmed: channel.messages_unconfirmed,
    confirms: channel.confirm,
  }))
}

async function consumerRows(management: Management, vhost: string): Promise<Listed[]> {
  const consumers = await management.consumers(vhost)
  return consumers.map((consumer) => ({
    name: consumer.queue.name,
    tag: consumer.consumer_tag,
    connection: consumer.channel_details?.connection_name,
    prefetch: consumer.prefetch_count,
    acks: consumer.ack_required,
    active: consumer.active,
  }))
}
