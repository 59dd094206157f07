import type { Check } from '../../check.js'

/**
 * Series of RabbitMQ, and the day on which the community's support of each ended. @see
 * https://www.rabbitmq.com/release-information
 */
const ENDED: Readonly<Record<string, string>> = {
  '3.8': '2022-07-31',
  '3.9': '2023-01-31',
  '3.10': '2023-07-31',
  '3.11': '2023-12-31',
  '3.12': '2024-06-30',
  '3.13': '2024-09-18',
  '4.0': '2025-04-15',
  '4.1': '2026-01-31',
}

/** Finds a version of RabbitMQ without community support. */
export const version: Check = {
  name: 'version',
  ask: ({ overview }) => {
    if (overview === undefined) return []
    const series = overview.rabbitmq_version.split('.').slice(0, 2).join('.')
    const ended = ENDED[series]
    if (ended === undefined) return []
    return [
      {
        severity: 'warning',
        subject: overview.cluster_name,
        evidence: `RabbitMQ ${overview.rabbitmq_version}: community support of ${series} ended on ${ended}`,
        wayOut: 'upgrade, one series after the other: https://www.rabbitmq.com/docs/upgrade',
      },
    ]
  },
}
