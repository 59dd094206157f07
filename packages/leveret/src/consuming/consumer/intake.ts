/** What the broker may deliver: nothing, one at a time, or as many as the prefetch says. */
export type Intake = 'none' | 'one' | 'all'

/** What the worker lets through: `shut` while it is paused, `probing` when it tries one delivery after that. */
export type Gate = 'open' | 'probing' | 'shut'

/**
 * Where a consumer stands with messages that may end its process:
 * - `open`: none has come
 * - `emptying`: one has. Nothing else comes or begins, what has not begun goes back, and handlers that run get a moment to end
 * - `one left`: it is handled, and nothing else comes
 * - `one by one`: deliveries come one at a time, for as long as what comes is a suspect too
 */
export type Stage = 'open' | 'emptying' | 'one left' | 'one by one'

/** Decides what the broker is to deliver. */
export function intakeOf(gate: Gate, stage: Stage): Intake {
  if (gate === 'shut' || stage === 'emptying' || stage === 'one left') return 'none'
  return gate === 'probing' || stage === 'one by one' ? 'one' : 'all'
}

/** Decides how many may be handled at once. */
export function slotsOf(gate: Gate, stage: Stage, concurrency: number): number {
  if (gate === 'shut' || stage === 'emptying') return 0
  return gate === 'probing' ? 1 : concurrency
}
