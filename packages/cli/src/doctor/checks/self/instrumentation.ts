import type { Check } from '../../check.js'

/**
 * Finds OpenTelemetry's instrumentation of amqplib without leveret's own. It does not see the frames that leveret
 * writes itself.
 */
export const instrumentation: Check = {
  name: 'instrumentation',
  ask: ({ self: { packages } }) => {
    const isBlind =
      packages.includes('@opentelemetry/instrumentation-amqplib') && !packages.includes('@leveret/opentelemetry')
    if (!isBlind) return []
    return [
      {
        severity: 'warning',
        subject: '@opentelemetry/instrumentation-amqplib',
        evidence:
          'it is installed and @leveret/opentelemetry is not: it does not see retries and dead letters of leveret',
        wayOut: 'npm install @leveret/opentelemetry',
      },
    ]
  },
}
