import { setImmediate as turn } from 'node:timers/promises'

/** So many turns of the event loop without a byte on any socket count as quiet. */
const QUIET_TURNS = 4

/** What is watched until it comes to rest. */
export interface Restless {
  /** Whether somebody has something in hand, or something waits to be written. */
  readonly isBusy: boolean
  /** Counts everything that comes or goes. */
  readonly activity: number
}

/**
 * Waits until nothing happens any more.
 *
 * @param capMs - of real time, after which it is waited for no longer
 * @returns whether it has come to rest
 */
export async function untilQuiet(subject: Restless, capMs: number): Promise<boolean> {
  const endMs = performance.now() + capMs
  let quiet = 0
  let known = subject.activity
  while (quiet < QUIET_TURNS) {
    if (performance.now() > endMs) return false
    await turn()
    quiet = subject.isBusy || subject.activity !== known ? 0 : quiet + 1
    known = subject.activity
  }
  return true
}
