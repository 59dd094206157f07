import type { Span } from '@opentelemetry/api'

/** The key under which a trace holds its span. A `WeakMap` would cost more than the rest of a subscriber. */
const SPAN = Symbol('span of @leveret/opentelemetry')

interface WithSpan {
  [SPAN]?: Span | undefined
}

/** Stores the span of a trace in the trace itself. */
export function keepSpan(trace: object, span: Span): void {
  const kept: WithSpan = trace
  kept[SPAN] = span
}

/** Takes the span out of a trace; `undefined` if none was stored, because the trace began before `instrument()`. */
export function takeSpan(trace: object): Span | undefined {
  const kept: WithSpan = trace
  const span = kept[SPAN]
  if (span !== undefined) kept[SPAN] = undefined
  return span
}
