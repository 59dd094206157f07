import type { Registry } from 'prom-client'
import { measure } from '../metrics/measurements.js'
import { Subscriptions } from '../subscriptions.js'
import { PromSink } from './prom-sink.js'

export { prometheusName } from './prometheus-name.js'

/**
 * Records the metrics of leveret in a registry of prom-client, for programs without OpenTelemetry. The metrics have the
 * names that OpenTelemetry's exporter for Prometheus gives them.
 *
 * @returns a function that ends the recording. Values that are recorded stay in the registry
 */
export function collect(registry: Registry): () => void {
  const subscriptions = new Subscriptions()
  measure(new PromSink(registry), subscriptions)
  return () => subscriptions.end()
}
