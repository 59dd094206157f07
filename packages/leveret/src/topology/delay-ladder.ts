import { OptionsError } from '../errors/errors.js'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** The delays of `Retry` that have a queue each, so that any number of different wishes needs a bounded number of queues for a contract. */
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
 * The first step of the ladder that is not shorter than the wish.
 *
 * @throws {@link OptionsError} a wish of more than 24 hours
 */
export function ladderStepMs(wishMs: number): number {
  const step = DELAY_LADDER_MS.find((candidate) => candidate >= wishMs)
  if (step !== undefined && wishMs >= 0) return step
  throw new OptionsError(
    `A delay is 0 to ${MAX_DELAY_MS} ms (24 hours), not ${wishMs}. What is due later, or at an exact time, is sent anew with delayMs.`,
  )
}
