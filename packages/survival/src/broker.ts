import { attachRabbitMQ, type RabbitMQ, startRabbitMQ } from '@leveret/testing'

/** The broker's limit for a message. A larger one makes it close the channel. RabbitMQ's own limit is 16 or 128 MiB. */
export const maxMessageBytes = 131_072

/**
 * Settings that make the broker act sooner:
 * - how often a channel checks whether its handlers take too long; RabbitMQ before 4.3 does so once a minute
 * - how long a quorum queue waits before it publishes a dead letter again; RabbitMQ's default is three minutes
 * - how long RabbitMQ 4.3 reserves messages, and the place as the single active consumer, for a consumer whose node is
 *   gone; the default is a minute
 */
const sooner = [
  'channel_tick_interval 1000',
  'dead_letter_worker_publisher_confirm_timeout 10000',
  'consumer_disconnected_timeout 5000',
]

const settings = {
  config: [`max_message_size = ${maxMessageBytes}`, 'cluster_partition_handling = pause_minority'],
  erlangArguments: sooner.map((setting) => `-rabbit ${setting}`),
}

/** Finds the broker named by RABBITMQ_URL, which allows only some faults, or starts one. */
export async function findBroker(): Promise<RabbitMQ> {
  const { RABBITMQ_URL, RABBITMQ_MANAGEMENT_URL } = process.env
  if (!RABBITMQ_URL) return await startRabbitMQ(settings)
  return await attachRabbitMQ({ url: RABBITMQ_URL, managementUrl: RABBITMQ_MANAGEMENT_URL || undefined })
}

/** Starts a cluster of three nodes, whatever RABBITMQ_URL says: no other cluster may be broken. */
export async function startCluster(): Promise<RabbitMQ> {
  return await startRabbitMQ({ ...settings, nodes: 3 })
}

/** Whether this program started the broker, so that it may kill and pause its processes. */
export function isOurs({ driver }: Pick<RabbitMQ, 'driver'>): boolean {
  return driver !== 'attached'
}

/** Whether a version such as `4.3.6` is at least `major.minor`. */
export function isAtLeast(version: string, major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number)
  return ownMajor > major || (ownMajor === major && ownMinor >= minor)
}

/**
 * Makes a broker write the list of its queues to disk at once. RabbitMQ 3.10 does so half a second later. If it is
 * killed before, a quorum queue whose entry is missing has no leader afterwards.
 */
export async function saveQueues({ nodes }: Pick<RabbitMQ, 'nodes'>): Promise<void> {
  for (const node of nodes) await node.ctl('eval', '[dets:sync(Table) || Table <- dets:all()].')
}
