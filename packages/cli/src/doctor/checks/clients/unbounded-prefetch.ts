import type { Check } from '../../check.js'

/** Finds consumers without a prefetch limit. */
export const unboundedPrefetch: Check = {
  name: 'unbounded-prefetch',
  ask: ({ consumers }) =>
    consumers
      .filter(({ prefetch_count, ack_required }) => prefetch_count === 0 && ack_required)
      .map(({ queue, consumer_tag, channel_details }) => ({
        severity: 'warning',
        subject: queue.name,
        evidence: `the consumer ${consumer_tag} (${channel_details?.connection_name ?? 'unknown connection'}) has prefetch 0: RabbitMQ sends it every waiting message at once`,
        wayOut: 'set a prefetch (channel.prefetch(10)); leveret does so by itself',
      })),
}
