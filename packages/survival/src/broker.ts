import { attachRabbitMQ, type RabbitMQ, startRabbitMQ } from '@leveret/testing'

/** A message larger than this costs its channel: RabbitMQ's own limit is 16 or 128 MiB. */
export const maxMessageBytes = 131_072

/**
 * - how often a channel looks whether its handlers take too long, which RabbitMQ before 4.3 does once a minute
 * - how long a quorum queue waits until it tries a dead letter again, for which RabbitMQ takes three minutes
 * - how long RabbitMQ 4.3 keeps for a consumer what it holds, and its place as the single active one, when its node is gone: a minute
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

/** The broker named by RABBITMQ_URL, which only some faults can be done to, or one of our own. */
export async function findBroker(): Promise<RabbitMQ> {
  const { RABBITMQ_URL, RABBITMQ_MANAGEMENT_URL } = process.env
  if (!RABBITMQ_URL) return await startRabbitMQ(settings)
  return await attachRabbitMQ({ url: RABBITMQ_URL, managementUrl: RABBITMQ_MANAGEMENT_URL || undefined })
}

/** Three nodes of our own, whatever RABBITMQ_URL says: no other can be broken. */
export async function startCluster(): Promise<RabbitMQ> {
  return await startRabbitMQ({ ...settings, nodes: 3 })
}

/** Whether its processes are ours to kill and to pause. */
export function isOurs({ driver }: Pick<RabbitMQ, 'driver'>): boolean {
  return driver !== 'attached'
}

/** Whether a version such as `4.3.6` is at least `major.minor`. */
export function isAtLeast(version: string, major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number)
  return ownMajor > major || (ownMajor === major && ownMinor >= minor)
}

/**
 * Has a broker write down at once which queues it has. RabbitMQ 3.10 does so half a second later, and a quorum queue whose
 * entry is not on disk when the broker is killed has no leader afterwards.
 */
export async function saveQueues({ nodes }: Pick<RabbitMQ, 'nodes'>): Promise<void> {
  for (const node of nodes) await node.ctl('eval', '[dets:sync(Table) || Table <- dets:all()].')
}
