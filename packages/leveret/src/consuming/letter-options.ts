import { z } from 'zod'
import type { LetterFilter } from './selection.js'

/** What `peek` may be told. */
export const peekOptions = z.strictObject({
  /** At most so many. All are held in memory. @defaultValue 100 */
  limit: z.int().min(1).max(1_000).default(100),
})

/** What `peek` may be told. */
export type PeekOptions = z.input<typeof peekOptions>

/** What `replay` may be told, but for its types. */
export const replayOptions = z.strictObject({
  filter: z.custom((value) => typeof value === 'function', 'expected a function').optional(),
  limit: z.int().min(1).optional(),
  ratePerSecond: z.number().positive().optional(),
  signal: z.instanceof(AbortSignal).optional(),
})

/** What `move` may be told, but for its types. */
export const moveOptions = replayOptions.omit({ ratePerSecond: true }).extend({
  to: z
    .string()
    .min(1)
    .refine((name) => Buffer.byteLength(name) <= 255, 'at most 255 bytes of UTF-8'),
})

/** What `replay` may be told. */
export interface ReplayOptions<Payload> {
  /** Only these. The others stay. @defaultValue all */
  readonly filter?: LetterFilter<Payload>
  /** At most so many. @defaultValue all */
  readonly limit?: number
  /** At most so many a second. @defaultValue as fast as the broker confirms */
  readonly ratePerSecond?: number
  /** Ends it early, after what is on its way; the result says how far it came. */
  readonly signal?: AbortSignal
}

/** What `move` may be told. */
export interface MoveOptions<Payload> extends Omit<ReplayOptions<Payload>, 'ratePerSecond'> {
  /** Name of a queue that exists. */
  readonly to: string
}
