import { type Context, context } from '@opentelemetry/api'
import type { ScopedTrace } from 'leveret'

/** Has what is traced called in a context, inside what other subscribers ask for. */
export function runIn(trace: ScopedTrace, within: Context): void {
  const { run } = trace
  trace.run = (call) => context.with(within, () => (run === undefined ? call() : run(call)))
}
