import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { type MetricDefinition, type MetricName, metricDefinitions } from '../metrics/definitions.js'
import type { Labels, MetricSink } from '../metrics/sink.js'
import { prometheusLabel, prometheusName } from './prometheus-name.js'

type Write = (labels: Record<string, string | number>, value: number) => void

/** Records measurements with prom-client. */
export class PromSink implements MetricSink {
  readonly #metrics: ReadonlyMap<string, Write>

  constructor(registry: Registry) {
    const names = Object.keys(metricDefinitions) as MetricName[]
    this.#metrics = new Map(names.map((name) => [name, writeTo(name, registry)]))
  }

  add(metric: MetricName, value: number, labels: Labels): void {
    this.#metrics.get(metric)?.(renamed(labels), value)
  }

  record(metric: MetricName, value: number, labels: Labels): void {
    this.#metrics.get(metric)?.(renamed(labels), value)
  }
}

function writeTo(metric: MetricName, registry: Registry): Write {
  const { kind, description: help, attributes, buckets }: MetricDefinition = metricDefinitions[metric]
  const labelNames = attributes.map(prometheusLabel)
  const options = { name: prometheusName(metric), help, labelNames, registers: [registry] }
  switch (kind) {
    case 'counter': {
      const counter = new Counter(options)
      return (labels, value) => counter.inc(labels, value)
    }
    case 'histogram': {
      const histogram = new Histogram({ ...options, buckets: [...(buckets ?? [])] })
      return (labels, value) => histogram.observe(labels, value)
    }
    default: {
      const gauge = new Gauge(options)
      return (labels, value) => (kind === 'gauge' ? gauge.set(labels, value) : gauge.inc(labels, value))
    }
  }
}

function renamed(labels: Labels): Record<string, string | number> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [prometheusLabel(name), value]))
}
