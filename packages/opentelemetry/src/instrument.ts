import { type MeterProvider, metrics, type TracerProvider, trace } from '@opentelemetry/api'
import { measure } from './metrics/measurements.js'
import { OtelSink } from './metrics/otel-sink.js'
import { SCHEMA_URL, SCOPE, VERSION } from './names.js'
import type { InstrumentOptions } from './options.js'
import { BatchSpans } from './spans/batch-spans.js'
import { CallSpans } from './spans/call-spans.js'
import { ProcessSpans } from './spans/process-spans.js'
import { PublishSpans } from './spans/publish-spans.js'
import { Subscriptions } from './subscriptions.js'

/** Where spans and metrics go. */
export interface Providers {
  readonly tracerProvider?: TracerProvider | undefined
  readonly meterProvider?: MeterProvider | undefined
}

let current: { readonly stop: () => void } | undefined

/**
 * Makes spans and metrics of what leveret does in this process, with the providers and the propagator that are, or will be, registered with `@opentelemetry/api`. It may be called before
 * or after those are set up, and before or after leveret is loaded.
 *
 * A second call takes the place of the first one, so nothing is told twice.
 *
 * @returns a function that ends it. Spans that are open then never end
 */
export function instrument(options: InstrumentOptions = {}, providers: Providers = {}): () => void {
  current?.stop()
  const subscriptions = new Subscriptions()
  if (options.traces !== false)
    followWithSpans(options, providers.tracerProvider ?? trace.getTracerProvider(), subscriptions)
  if (options.metrics !== false) {
    measure(new OtelSink(() => providers.meterProvider ?? metrics.getMeterProvider()), subscriptions)
  }
  const mine = { stop: () => subscriptions.end() }
  current = mine
  return mine.stop
}

function followWithSpans(
  { links = 'parent-and-link', settleSpans = false, bodySize = false }: InstrumentOptions,
  provider: TracerProvider,
  subscriptions: Subscriptions,
): void {
  const tracer = provider.getTracer(SCOPE, VERSION, { schemaUrl: SCHEMA_URL })
  new CallSpans(tracer).follow(subscriptions)
  new PublishSpans(tracer, bodySize).follow(subscriptions)
  new ProcessSpans(tracer, { links, settleSpans }).follow(subscriptions)
  new BatchSpans(tracer).follow(subscriptions)
}
