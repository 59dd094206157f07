// Sets OpenTelemetry up, before anything loads amqplib. TRACERS names what traces: leveret, amqplib, both, or none.
import { createRequire } from 'node:module'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'

const { TRACERS = 'leveret' } = process.env

export const exporter = new InMemorySpanExporter()
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
provider.register()

if (TRACERS === 'amqplib' || TRACERS === 'both') {
  const { AmqplibInstrumentation } = createRequire(import.meta.url)('@opentelemetry/instrumentation-amqplib')
  const instrumentation = new AmqplibInstrumentation()
  instrumentation.setTracerProvider(provider)
  instrumentation.enable()
}
if (TRACERS === 'leveret' || TRACERS === 'both') {
  const { instrument } = await import('@leveret/opentelemetry')
  instrument()
}

/** The spans that have ended, as plain data. */
export function spans() {
  return exporter.getFinishedSpans().map((span) => ({
    name: span.name,
    kind: span.kind,
    traceId: span.spanContext().traceId,
    id: span.spanContext().spanId,
    parent: span.parentSpanContext?.spanId,
    links: span.links.map(({ context, attributes }) => ({ traceId: context.traceId, id: context.spanId, attributes })),
    attributes: span.attributes,
    events: span.events.map(({ name, attributes }) => ({ name, attributes })),
    status: span.status,
    scope: span.instrumentationScope.name,
  }))
}
