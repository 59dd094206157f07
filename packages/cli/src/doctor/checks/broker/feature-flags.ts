import type { Check } from '../../check.js'

/** Finds disabled feature flags, which the next upgrade may require. */
export const featureFlags: Check = {
  name: 'feature-flags',
  ask: ({ featureFlags: flags = [], overview }) => {
    const off = flags
      .filter(({ state, stability }) => state === 'disabled' && stability !== 'experimental')
      .map(({ name }) => name)
    if (off.length === 0) return []
    return [
      {
        severity: 'warning',
        subject: overview?.cluster_name ?? 'broker',
        evidence: `these feature flags are disabled, and a later upgrade may require them: ${off.join(', ')}`,
        wayOut: 'when all nodes run this version: rabbitmqctl enable_feature_flag all',
      },
    ]
  },
}
