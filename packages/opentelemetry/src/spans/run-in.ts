import { type Context, context } from '@opentelemetry/api'
import type { ScopedTrace } from 'leveret'

/** Makes the traced function run in a context. Wrappers of other subscribers stay around it. */
export function runIn(trace: ScopedTrace, within: Context): void {
  const { run } = trace
  trace.run = (call) => context.with(within, () => (run === undefined ? call() : run(call)))
}
