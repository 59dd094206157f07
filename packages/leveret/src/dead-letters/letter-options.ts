import { z } from 'zod'
import { shortString } from '../message/short-string.js'
import { signalOption } from '../options.js'
import type { LetterOf } from './letter-of.js'
import type { Choice } from './letter-selection.js'
import type { LetterContract } from './letter-source.js'

/** Options of `peek`. */
export interface PeekOptions {
  /** The most letters to read, from 1 to 1,000. All are held in memory. @defaultValue 100 */
  readonly limit?: number | undefined
  /** The bytes after which no more are read, from 1; but one letter is, whatever its size. @defaultValue 16_777_216 */
  readonly maxBytes?: number | undefined
}

/** Checks {@link PeekOptions}. */
export const peekOptions = z.strictObject({
  limit: z.int().min(1).max(1_000).default(100),
  maxBytes: z
    .int()
    .min(1)
    .default(16 * 1024 * 1024),
})

const filterOption = z.custom<LetterFilter>(isFunction, 'expected a function')

const passOptions = z.strictObject({
  filter: filterOption.optional(),
  dryRun: z.boolean().default(false),
  includeUnknown: z.boolean().default(false),
  limit: z.int().min(1).optional(),
  signal: signalOption.optional(),
  onProgress: z.custom<(progress: LetterProgress) => void>(isFunction, 'expected a function').optional(),
})

function isFunction(value: unknown): boolean {
  return typeof value === 'function'
}

/** Checks {@link DiscardOptions}. */
export const discardOptions = passOptions.extend({ filter: filterOption })

/** Checks {@link ReplayOptions}. */
export const replayOptions = passOptions.extend({ ratePerSecond: z.number().positive().optional() })

/** Checks {@link MoveOptions}. */
export const moveOptions = passOptions.extend({ to: shortString('a queue name').min(1) })

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
  readonly filter?: LetterFilter<C> | undefined
  /**
   * Also messages that do not say which queue they died in: somebody has put them there by hand, or their headers are broken. Where
   * contracts share a dead-letter queue they may be meant for another one. @defaultValue false
   */
  readonly includeUnknown?: boolean | undefined
  /**
   * Counts the letters that would be taken, and takes none. Each is put behind the others, as those are that the filter refuses, so that
   * the queue has them all in their order. @defaultValue false
   */
  readonly dryRun?: boolean | undefined
  /** The most letters to take, from 1. @defaultValue all */
  readonly limit?: number | undefined
  /** Ends it early, after what is on its way; the result says how far it came. */
  readonly signal?: AbortSignal | undefined
  /** Gets the counts after each round of at most 64 letters, when nothing is in hand. What it throws ends the pass. */
  readonly onProgress?: ((progress: LetterProgress) => void) | undefined
}

/** Options of `discard`. */
export interface DiscardOptions<C extends LetterContract = LetterContract> extends LetterOptions<C> {
  /** Only these. The others stay. For all of them it says so: `() => true`. */
  readonly filter: LetterFilter<C>
}

/** Options of `replay`. */
export interface ReplayOptions<C extends LetterContract = LetterContract> extends LetterOptions<C> {
  /** The most letters a second, above 0; a `dryRun` does not wait. @defaultValue as fast as the broker confirms */
  readonly ratePerSecond?: number | undefined
}

/** Options of `move`. */
export interface MoveOptions<C extends LetterContract = LetterContract> extends LetterOptions<C> {
  /** Name of a queue that exists, up to 255 bytes. Without that queue no letter is touched. */
  readonly to: string
}
