import type { ReadableSpan } from '@opentelemetry/sdk-trace-node'

const MS_PER_S = 1_000
const NS_PER_MS = 1_000_000

/** The spans of one trace as lines, each below its parent. */
export function treeOf(spans: readonly ReadableSpan[]): string[] {
  const below = (parent: string | undefined, indent: string): string[] =>
    spans
      .filter((span) => span.parentSpanContext?.spanId === parent)
      .sort((one, other) => startOf(one) - startOf(other))
      .flatMap((span) => [`${indent}${describe(span)}`, ...below(span.spanContext().spanId, `${indent}  `)])
  return below(undefined, '')
}

function startOf({ startTime: [seconds, nanoseconds] }: ReadableSpan): number {
  return seconds * MS_PER_S + nanoseconds / NS_PER_MS
}

function describe({ name, attributes, events }: ReadableSpan): string {
  const { 'leveret.attempt': attempt, 'leveret.settlement': settlement, 'error.type': error } = attributes
  const said = [
    ...(attempt === undefined ? [] : [`attempt ${attempt}`]),
    ...(settlement === undefined ? [] : [settlement]),
    ...(error === undefined ? [] : [error]),
    ...events.map((event) => event.name),
  ]
  return said.length === 0 ? name : `${name} (${said.join(', ')})`
}
