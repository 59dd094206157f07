import { OptionsError } from '../errors/options-error.js'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/**
 * The delays of `Retry`. Each has a delay queue, so however many different delays are asked for, a contract needs few
 * queues.
 */
const DELAY_LADDER_MS: readonly number[] = [
  SECOND,
  2 * SECOND,
  5 * SECOND,
  10 * SECOND,
  30 * SECOND,
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  HOUR,
  6 * HOUR,
  24 * HOUR,
]

/** The longest delay of a `Retry`. */
export const MAX_DELAY_MS = 24 * HOUR

/**
 * Rounds a delay up to the next step of the ladder.
 *
 * @throws {@link OptionsError} the delay is longer than 24 hours, or negative
 */
export function ladderStepMs(wishMs: number): number {
  const step = DELAY_LADDER_MS.find((candidate) => candidate >= wishMs)
  if (step !== undefined && wishMs >= 0) return step
  throw new OptionsError(
    `A delay is 0 to ${MAX_DELAY_MS} ms (24 hours), not ${wishMs}. For a later or an exact time, send the task again with delayMs.`,
  )
}
