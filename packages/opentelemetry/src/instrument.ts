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

/** Providers of tracers and meters. An absent one means the global provider. */
export interface Providers {
  readonly tracerProvider?: TracerProvider | undefined
  readonly meterProvider?: MeterProvider | undefined
}

let current: { readonly stop: () => void } | undefined

/**
 * Creates spans and metrics for what leveret does in this process. They go to the providers and the propagator that are
 * registered with `@opentelemetry/api`. You may call it before or after those are set up, and before or after leveret
 * is loaded.
 *
 * A second call replaces the first one, so nothing is recorded twice.
 *
 * @returns a function that ends the instrumentation. Spans that are open at that moment never end
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
