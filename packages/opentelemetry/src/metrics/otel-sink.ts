import { type Attributes, type Meter, type MeterProvider, metrics } from '@opentelemetry/api'
import { SCHEMA_URL, SCOPE, VERSION } from '../names.js'
import { type MetricDefinition, type MetricName, metricDefinitions } from './definitions.js'
import type { Labels, MetricSink } from './sink.js'

type Instrument = (value: number, attributes: Attributes) => void

/**
 * Records measurements with OpenTelemetry. Each instrument is created when its metric is measured for the first time,
 * so the provider may be set up later.
 */
export class OtelSink implements MetricSink {
  readonly #provider: () => MeterProvider
  #current: MeterProvider | undefined
  #instruments = new Map<string, Instrument>()

  /** @param provider - returns the provider to use now. @defaultValue the global one */
  constructor(provider: () => MeterProvider = () => metrics.getMeterProvider()) {
    this.#provider = provider
  }

  add(metric: MetricName, value: number, labels: Labels): void {
    this.#instrument(metric)(value, labels)
  }

  record(metric: MetricName, value: number, labels: Labels): void {
    this.#instrument(metric)(value, labels)
  }

  #instrument(name: MetricName): Instrument {
    const provider = this.#provider()
    if (provider !== this.#current) {
      this.#current = provider
      this.#instruments = new Map()
    }
    let instrument = this.#instruments.get(name)
    if (instrument === undefined) {
      instrument = instrumentOf(provider.getMeter(SCOPE, VERSION, { schemaUrl: SCHEMA_URL }), name)
      this.#instruments.set(name, instrument)
    }
    return instrument
  }
}

function instrumentOf(meter: Meter, name: MetricName): Instrument {
  const { kind, unit, description, buckets }: MetricDefinition = metricDefinitions[name]
  const options = { unit, description }
  switch (kind) {
    case 'counter': {
      const counter = meter.createCounter(name, options)
      return (value, attributes) => counter.add(value, attributes)
    }
    case 'up-down': {
      const counter = meter.createUpDownCounter(name, options)
      return (value, attributes) => counter.add(value, attributes)
    }
    case 'gauge': {
      const gauge = meter.createGauge(name, options)
      return (value, attributes) => gauge.record(value, attributes)
    }
    default: {
      const advice = { explicitBucketBoundaries: [...(buckets ?? [])] }
      const histogram = meter.createHistogram(name, { ...options, advice })
      return (value, attributes) => histogram.record(value, attributes)
    }
  }
}
