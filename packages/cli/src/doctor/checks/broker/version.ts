import type { Check, Finding } from '../../check.js'

/** The oldest and the newest series of RabbitMQ that leveret is tested with. */
export const TESTED = { oldest: '3.10', newest: '4.3' } as const

const UPGRADE = 'upgrade, one series after the other: https://www.rabbitmq.com/docs/upgrade'

/** Finds a series of RabbitMQ that is older than those that leveret is tested with, or than the newest of them. */
export const version: Check = {
  name: 'version',
  ask: ({ overview }) => {
    if (overview === undefined) return []
    const found = findingFor(overview.rabbitmq_version)
    return found === undefined ? [] : [{ subject: overview.cluster_name, wayOut: UPGRADE, ...found }]
  },
}

function findingFor(running: string): Pick<Finding, 'severity' | 'evidence'> | undefined {
  if (isOlder(running, TESTED.oldest)) {
    const evidence = `RabbitMQ ${running} is older than ${TESTED.oldest}, the oldest series that leveret is tested with`
    return { severity: 'error', evidence }
  }
  if (!isOlder(running, TESTED.newest)) return undefined
  // Source: https://github.com/rabbitmq/rabbitmq-server/blob/main/COMMUNITY_SUPPORT.md
  const evidence = `RabbitMQ ${running} is older than ${TESTED.newest}: the RabbitMQ team supports only the newest series, unless you pay for support`
  const isOldMajor = Number.parseInt(running, 10) < Number.parseInt(TESTED.newest, 10)
  return { severity: isOldMajor ? 'warning' : 'note', evidence }
}

/** Whether a version belongs to a series before another one. */
function isOlder(one: string, series: string): boolean {
  const [major = 0, minor = 0] = one.split('.').map(Number)
  const [otherMajor = 0, otherMinor = 0] = series.split('.').map(Number)
  return major < otherMajor || (major === otherMajor && minor < otherMinor)
}
