import { z } from 'zod'
import { shortString } from '../short-string.js'
import type { LetterOf } from './letter-of.js'
import type { LetterContract } from './letter-source.js'
import type { Choice } from './selection.js'

/** Options of `peek`. */
export const peekOptions = z.strictObject({
  /** At most so many. All are held in memory. @defaultValue 100 */
  limit: z.int().min(1).max(1_000).default(100),
  /** No more of them when their contents take so many bytes, but at least one. @defaultValue 16 MiB */
  maxBytes: z
    .int()
    .min(1)
    .default(16 * 1024 * 1024),
})

/** Options of `peek`. */
export type PeekOptions = z.input<typeof peekOptions>

const aFunction = z.custom((value) => typeof value === 'function', 'expected a function')

const passOptions = z.strictObject({
  filter: aFunction.optional(),
  dryRun: z.boolean().optional(),
  includeUnknown: z.boolean().optional(),
  limit: z.int().min(1).optional(),
  signal: z.instanceof(AbortSignal).optional(),
  onProgress: aFunction.optional(),
})

/** Options of `discard`, but for their types. */
export const discardOptions = passOptions.extend({ filter: aFunction })

/** Options of `replay`, but for their types. */
export const replayOptions = passOptions.extend({ ratePerSecond: z.number().positive().optional() })

/** Options of `move`, but for their types. */
export const moveOptions = passOptions.extend({
  to: shortString('a queue name').min(1),
})

/** How far a pass over the dead letters is. */
export interface LetterProgress {
  /** Letters that were replayed, moved or discarded; with `dryRun` those that would be. */
  readonly done: number
  /** Letters that stay: the filter refused them, or they are of another queue. */
  readonly skipped: number
  /** Letters that were there at the beginning and have not been looked at yet. */
  readonly left: number
}

/** Which dead letters of a contract to choose. It may ask their payload; what it throws ends the pass. */
export type LetterFilter<C extends LetterContract = LetterContract> = Choice<LetterOf<C>>

/** Which letters a pass takes, and how. */
export interface LetterOptions<C extends LetterContract = LetterContract> {
  /** Only these. The others stay. It is not asked about letters of other queues. @defaultValue all */
  readonly filter?: LetterFilter<C>
  /**
   * Also messages that do not say which queue they died in: somebody has put them there by hand, or their headers are broken. Where
   * contracts share a dead-letter queue they may be meant for another one. @defaultValue false
   */
  readonly includeUnknown?: boolean
  /**
   * Counts the letters that would be taken, and takes none. Each is put behind the others, as those are that the filter refuses, so that
   * the queue has them all in their order. @defaultValue false
   */
  readonly dryRun?: boolean
  /** At most so many. @defaultValue all */
  readonly limit?: number
  /** Ends it early, after what is on its way; the result says how far it came. */
  readonly signal?: AbortSignal
  /** Gets the counts after each round of at most 64 letters, when nothing is in hand. What it throws ends the pass. */
  readonly onProgress?: (progress: LetterProgress) => void
}

/** Options of `discard`. */
export interface DiscardOptions<C extends LetterContract = LetterContract> extends LetterOptions<C> {
  /** Only these. The others stay. For all of them it says so: `() => true`. */
  readonly filter: LetterFilter<C>
}

/** Options of `replay`. */
export interface ReplayOptions<C extends LetterContract = LetterContract> extends LetterOptions<C> {
  /** At most so many a second; a `dryRun` does not wait. @defaultValue as fast as the broker confirms */
  readonly ratePerSecond?: number
}

/** Options of `move`. */
export interface MoveOptions<C extends LetterContract = LetterContract> extends LetterOptions<C> {
  /** Name of a queue that exists. */
  readonly to: string
}
