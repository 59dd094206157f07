import type { Intake } from './subscription.js'

/** What the worker lets through: `shut` while it is paused, `probing` when it tries one delivery after that. */
export type Gate = 'open' | 'probing' | 'shut'

/**
 * Where a consumer stands with messages that may end its process:
 * - `open`: none has come
 * - `emptying`: one has. Nothing else comes or begins, what has not begun goes back, and what has is waited for
 * - `one left`: only it is in hand
 * - `one by one`: for as long as what comes next is a suspect too
 */
export type Stage = 'open' | 'emptying' | 'one left' | 'one by one'

/** What the broker is to deliver. */
export function intakeOf(gate: Gate, stage: Stage): Intake {
  if (gate === 'shut' || stage === 'emptying' || stage === 'one left') return 'none'
  return gate === 'probing' || stage === 'one by one' ? 'one' : 'all'
}

/** How many may be handled at once. */
export function slotsOf(gate: Gate, stage: Stage, concurrency: number): number {
  if (gate === 'shut' || stage === 'emptying') return 0
  return gate === 'probing' || stage !== 'open' ? 1 : concurrency
}
