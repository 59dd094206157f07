import type { RabbitMQ } from '@leveret/testing'

/**
 * Has a broker write down at once which queues it has. RabbitMQ 3.10 does so half a second later, and a quorum queue whose
 * entry is not on disk when the broker is killed has no leader afterwards.
 */
export async function saveQueues(broker: RabbitMQ): Promise<void> {
  // One in memory has nothing to write.
  if (broker.driver === 'memory') return
  await broker.ctl('eval', '[dets:sync(Table) || Table <- dets:all()].')
}
