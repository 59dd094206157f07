import { type MetricDefinition, type MetricName, metricDefinitions } from '../metrics/definitions.js'

/**
 * The name of a metric in Prometheus, as OpenTelemetry's exporter writes it: with its unit, and with `_total` for a
 * counter.
 */
export function prometheusName(name: MetricName): string {
  const { kind, unit }: MetricDefinition = metricDefinitions[name]
  return prometheusLabel(name) + (unit === 's' ? '_seconds' : '') + (kind === 'counter' ? '_total' : '')
}

/** The name of an attribute in Prometheus. */
export function prometheusLabel(name: string): string {
  return name.replaceAll('.', '_')
}
