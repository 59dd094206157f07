import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
  type Span,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-node'

/** Counts what begins and what ends. */
class Balance implements SpanProcessor {
  readonly open = new Set<string>()
  started = 0

  onStart(span: Span): void {
    this.started += 1
    this.open.add(`${span.name} ${span.spanContext().spanId}`)
  }

  onEnd(span: ReadableSpan): void {
    this.open.delete(`${span.name} ${span.spanContext().spanId}`)
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}

/** Keeps the spans of this process. */
export class Spans {
  readonly balance = new Balance()
  readonly #exporter = new InMemorySpanExporter()

  constructor() {
    const provider = new NodeTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(this.#exporter), this.balance],
    })
    provider.register({ contextManager: new AsyncLocalStorageContextManager().enable() })
  }

  get all(): ReadableSpan[] {
    return this.#exporter.getFinishedSpans()
  }

  /** Those of this name that have ended. */
  named(name: string): ReadableSpan[] {
    return this.all.filter((span) => span.name === name)
  }

  /** The names of one trace, each below its parent, by two spaces a level. */
  tree(traceId: string): string[] {
    const spans = this.all.filter((span) => span.spanContext().traceId === traceId)
    const below = (parent: string | undefined, depth: number): string[] =>
      spans
        .filter((span) => (span.parentSpanContext?.spanId ?? '') === (parent ?? ''))
        .sort((one, other) => one.startTime[0] - other.startTime[0] || one.startTime[1] - other.startTime[1])
        .flatMap((span) => [`${'  '.repeat(depth)}${span.name}`, ...below(span.spanContext().spanId, depth + 1)])
    return below(undefined, 0)
  }

  reset(): void {
    this.#exporter.reset()
  }
}
