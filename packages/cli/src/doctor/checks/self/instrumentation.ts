import type { Check } from '../../check.js'

/**
 * OpenTelemetry's instrumentation of amqplib without leveret's own: it sees frames that leveret does not write
 * through amqplib.
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
          'it is installed and @leveret/opentelemetry is not: it sees neither what leveret retries nor what it dead-letters',
        wayOut: 'npm install @leveret/opentelemetry',
      },
    ]
  },
}
