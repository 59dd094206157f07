/** The deliveries that the broker may send: none, one at a time, or as many as the prefetch allows. */
export type Intake = 'none' | 'one' | 'all'

/**
 * The deliveries that the worker lets begin: `shut` while it is paused, `probing` while one delivery tests the handler
 * after that.
 */
export type PauseState = 'open' | 'probing' | 'shut'

/**
 * The stage of a consumer in the isolation of messages that may crash its process:
 * - `open`: no such message is here
 * - `emptying`: one has come. No other delivery comes or begins, deliveries that have not begun go back, and running
 *   handlers get a moment to end
 * - `one left`: that message is handled, and nothing else comes
 * - `one by one`: deliveries come one at a time, for as long as each of them is a suspect too
 */
export type IsolationStage = 'open' | 'emptying' | 'one left' | 'one by one'

/** Decides what the broker may deliver. */
export function intakeOf(gate: PauseState, stage: IsolationStage): Intake {
  if (gate === 'shut' || stage === 'emptying' || stage === 'one left') return 'none'
  return gate === 'probing' || stage === 'one by one' ? 'one' : 'all'
}

/** Decides how many deliveries may be handled at once. */
export function slotsOf(gate: PauseState, stage: IsolationStage, concurrency: number): number {
  if (gate === 'shut' || stage === 'emptying') return 0
  return gate === 'probing' ? 1 : concurrency
}
