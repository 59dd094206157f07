import { z } from 'zod'
import { shortString } from '../message/short-string.js'
import { signalOption } from '../options.js'
import type { LetterOf } from './letter-of.js'
import type { LetterContract } from './letter-source.js'

/** Options of `peek`. */
export interface PeekOptions {
  /** The most letters to read, from 1 to 1,000. All of them are kept in memory. @defaultValue 100 */
  readonly limit?: number | undefined
  /**
   * The number of bytes of content after which reading stops, from 1. The first letter is read whatever its size.
   * @defaultValue 16_777_216
   */
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

/** The progress of a pass over the dead letters. */
export interface LetterProgress {
  /** Letters that were replayed, moved or discarded; with `dryRun`, letters that would be. */
  readonly done: number
  /** Letters that stay: the filter refused them, or they belong to another queue. */
  readonly skipped: number
  /** Letters that were there when the pass began, and that it has not read yet. */
  readonly left: number
}

/** Chooses dead letters of a contract. A filter may read their payload. An error that it throws ends the pass. */
export type LetterFilter<C extends LetterContract = LetterContract> = (
  letter: LetterOf<C>,
) => boolean | Promise<boolean>

/** Options of a pass over the dead letters: which letters it takes, and how. */
export interface LetterOptions<C extends LetterContract = LetterContract> {
  /**
   * Chooses the letters to take; all others stay. Never called for letters of other queues. @defaultValue all letters
   */
  readonly filter?: LetterFilter<C> | undefined
  /**
   * Whether to include messages that do not say in which queue they died: messages put there by hand, or with broken
   * headers. Where contracts share a dead-letter queue, such a message may belong to another contract.
   * @defaultValue false
   */
  readonly includeUnknown?: boolean | undefined
  /**
   * Whether to count the letters that would be taken, and take none. Each of them moves to the end of the queue, as the
   * letters do that the filter refuses, so that the queue keeps their order. @defaultValue false
   */
  readonly dryRun?: boolean | undefined
  /** The most letters to take, from 1. @defaultValue all letters */
  readonly limit?: number | undefined
  /** Ends the pass early, after the letters that are being published. The result says how far the pass came. */
  readonly signal?: AbortSignal | undefined
  /**
   * Receives the counts after each round of at most 32 letters, also after one that failed, when no letter is being
   * processed. An error that it throws ends the pass.
   */
  readonly onProgress?: ((progress: LetterProgress) => void) | undefined
}

/** Options of `discard`. */
export interface DiscardOptions<C extends LetterContract = LetterContract> extends LetterOptions<C> {
  /** Chooses the letters to discard; all others stay. To discard every letter: `() => true`. */
  readonly filter: LetterFilter<C>
}

/** Options of `replay`. */
export interface ReplayOptions<C extends LetterContract = LetterContract> extends LetterOptions<C> {
  /** The most letters per second, above 0. A `dryRun` ignores it. @defaultValue as fast as the broker confirms */
  readonly ratePerSecond?: number | undefined
}

/** Options of `move`. */
export interface MoveOptions<C extends LetterContract = LetterContract> extends LetterOptions<C> {
  /** The name of an existing queue, up to 255 bytes. If that queue does not exist, no letter is touched. */
  readonly to: string
}
