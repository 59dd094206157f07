import { setImmediate as turn } from 'node:timers/promises'

/** How many turns of the event loop without a byte on any socket count as quiet. */
const QUIET_TURNS = 4

/** A subject to watch until it comes to rest. */
export interface Restless {
  /** Whether a delivery is unsettled, or bytes wait to be written. */
  readonly isBusy: boolean
  /** How many times something has come or gone so far. */
  readonly activity: number
}

/**
 * Waits until nothing happens any more.
 *
 * @param capMs - the longest wait, in milliseconds of real time
 * @returns whether the subject has come to rest
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
