import { z } from 'zod'
import { OptionsError } from '../errors.js'
import { MAX_TIMER_MS } from '../options.js'
import { shortString } from '../short-string.js'
import { MAX_PREFETCH } from './handling-options.js'
import type { OffsetStore } from './offset-store.js'

/** Credit is given by what was delivered: a stream that waits for each ack is slow. */
const PREFETCH = 100

const beginning = z.union(
  [
    z.enum(['first', 'last', 'next']),
    z.int().min(0),
    z.date().refine((date) => date.getTime() >= 0, 'a date before 1970'),
  ],
  "expected 'first', 'last', 'next', a whole number from 0, or a valid Date since 1970",
)

const retention = z.strictObject({
  /** As RabbitMQ writes it: a whole number of `Y`, `M`, `D`, `h`, `m` or `s`, such as `7D`. */
  maxAge: z
    .string()
    .regex(/^[1-9]\d*[YMDhms]$/, "expected a whole number and one of Y, M, D, h, m, s, such as '7D'")
    .optional(),
  /** Above this the oldest segments are deleted. */
  maxBytes: z.int().min(1).optional(),
  /** Retention deletes whole segments of this size, and never the last one. @defaultValue RabbitMQ's own, 500 MB */
  maxSegmentBytes: z.int().min(1).max(3_000_000_000).optional(),
})

/** Which stream a subscriber reads, and from where on. */
export const streamOptions = z.strictObject({
  /** The stream's name. It is declared, bound to the exchange, and keeps what it gets, whoever reads it. */
  name: shortString('the name of a stream').min(1),
  /**
   * Where to begin when `store` knows nothing, so without one at each `start()`: `first`, `last` (the last chunk of messages that
   * the broker wrote, so some more than the last), `next` (what comes from now on), an offset, or a time, at whose chunk it
   * begins, so some messages earlier. Lost connections are no start: reading goes on after what is done. @defaultValue 'next'
   */
  offset: beginning.default('next'),
  /** Remembers how far this reader has come. Without it, nothing outlives the subscriber. */
  store: z
    .custom<OffsetStore>(
      (value) => ['load', 'save'].every((name) => typeof Object(value)[name] === 'function'),
      'expected a store: load and save',
    )
    .optional(),
  /** How often the offset is saved at most, while it moves; and when the subscriber closes. @defaultValue 1_000 */
  saveEveryMs: z.int().min(0).max(MAX_TIMER_MS).default(1_000),
  /** What the stream keeps. It is declared with it, so whoever else declares it says the same. @defaultValue everything */
  retention: retention.optional(),
})

/** A stream to read, checked. */
export type StreamSettings = z.output<typeof streamOptions>

/** In order, unless told otherwise. */
export function streamHandling(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { concurrency = 1, batch, isolation, acknowledge } = given
  const size: unknown = Object(batch).size ?? 1
  // What is no number is refused with the other options.
  const { prefetch = Math.max(PREFETCH, Math.min(Number(concurrency) * Number(size), MAX_PREFETCH) || 1) } = given
  if (acknowledge === 'none') {
    throw new OptionsError(
      "Subscriber: acknowledge: 'none' is not for streams: what was not done when its connection is lost is read again",
    )
  }
  if (isolation !== undefined) {
    throw new OptionsError('Subscriber: isolation is not for streams: nothing says how often a delivery has come back')
  }
  return { ...given, concurrency, prefetch }
}
