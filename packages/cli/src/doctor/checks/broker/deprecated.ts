import type { Check } from '../../check.js'

/** Finds deprecated features that are in use. */
export const deprecated: Check = {
  name: 'deprecated',
  ask: ({ deprecated: features = [] }) =>
    features.map(({ name, deprecation_phase, doc_url }) => ({
      severity: 'warning',
      subject: name,
      evidence: `a deprecated feature is in use (${deprecation_phase.replaceAll('_', ' ')})`,
      wayOut: `stop using it before the next upgrade${doc_url ? `: ${doc_url}` : ''}`,
    })),
}
