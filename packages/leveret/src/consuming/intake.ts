import type { Intake } from './subscription.js'

/** What the worker lets through: `shut` while it is paused, `probing` when it tries one delivery after that. */
export type Gate = 'open' | 'probing' | 'shut'

/**
 * Where a consumer stands with messages that may end its process. `alone`: it takes one at a time, for as long as they
 * are suspect. `emptying`: on the way there, it waits until nothing is being handled.
 */
export type Isolation = 'none' | 'emptying' | 'alone'

/** What the broker is to deliver. */
export function intakeOf(gate: Gate, isolation: Isolation): Intake {
  if (gate === 'shut' || isolation === 'emptying') return 'none'
  return gate === 'probing' || isolation === 'alone' ? 'one' : 'all'
}

/** How many may be handled at once. */
export function slotsOf(gate: Gate, isolation: Isolation, concurrency: number): number {
  if (gate === 'shut' || isolation === 'emptying') return 0
  return gate === 'probing' ? 1 : concurrency
}
