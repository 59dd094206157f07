import { subscribe } from 'node:diagnostics_channel'
import { createRequire } from 'node:module'
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node'
import type { Subject } from './task.js'

const CHANNELS = ['publish', 'process'].flatMap((operation) =>
  ['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((event) => `tracing:leveret:${operation}:${event}`),
)

/** Sets up the tracing of a subject. It runs before anything loads amqplib. */
export async function watch(subject: Subject): Promise<void> {
  if (subject.endsWith('a subscriber that does nothing')) {
    for (const name of CHANNELS) subscribe(name, () => undefined)
  }
  const [, percent] = /sampled (\d+) %/.exec(subject) ?? []
  if (percent === undefined) return
  const sampler = new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(Number(percent) / 100) })
  // Spans are created, batched and thrown away, because the cost of a backend is the same for all.
  const exporter = {
    export: (_spans: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
    shutdown: async () => undefined,
  }
  const provider = new NodeTracerProvider({ sampler, spanProcessors: [new BatchSpanProcessor(exporter)] })
  provider.register()
  if (subject.startsWith('leveret')) {
    const { instrument } = await import('@leveret/opentelemetry')
    instrument({ metrics: false })
    return
  }
  const { AmqplibInstrumentation } = createRequire(import.meta.url)(
    '@opentelemetry/instrumentation-amqplib',
  ) as typeof import('@opentelemetry/instrumentation-amqplib')
  const instrumentation = new AmqplibInstrumentation()
  instrumentation.setTracerProvider(provider)
  instrumentation.enable()
}
