import { z } from 'zod'
import { MAX_TIMER_MS } from '../async/timing.js'
import type { HandlingOptions } from '../consuming/handling/worker-options.js'
import { bindingKeysOption, bindingOptions } from '../contract/exchanges/bindings.js'
import type { OffsetStore } from '../streams/offset-store.js'

/** How events of an exchange are handled that come to a queue of the subscriber's own, which goes with its connection; gaps are reported. */
export interface EphemeralOptions
  extends Pick<HandlingOptions, 'concurrency' | 'prefetch' | 'handlerTimeoutMs' | 'breaker'> {
  /** The most messages that wait, from 1; older ones give way. @defaultValue no bound */
  readonly maxLength?: number | undefined
}

/** Checks what {@link EphemeralOptions} say beside how events are handled, and which events come. */
export const ephemeralOptions = bindingOptions.extend({ maxLength: z.int().min(1).optional() })

/** How events of a durable subscription are handled: all else is in the contract. */
export interface DurableOptions
  extends Pick<
    HandlingOptions,
    'concurrency' | 'prefetch' | 'handlerTimeoutMs' | 'breaker' | 'isolation' | 'deduplicate' | 'priority' | 'exclusive'
  > {}

/** Options of a durable subscriber beside how events are handled: none. */
export const durableOptions = z.strictObject({})

const beginning = z.union(
  [
    z.enum(['first', 'last', 'next']),
    z.int().min(0),
    z.date().refine((date) => date.getTime() >= 0, 'a date before 1970'),
  ],
  "expected 'first', 'last', 'next', a whole number from 0, or a valid Date since 1970",
)

/** How a stream is read, and its events are handled. */
export interface ReaderOptions
  extends Pick<HandlingOptions, 'concurrency' | 'prefetch' | 'handlerTimeoutMs' | 'breaker' | 'deduplicate'> {
  /**
   * Where to begin when `store` knows nothing, so without one at each `start()`: `first`, `last` (the last chunk of messages that
   * the broker wrote, so some more than the last), `next` (what comes from now on), an offset from 0, or a time since 1970, at whose chunk it
   * begins, so some messages earlier. Lost connections are no start: reading goes on after what is done. @defaultValue 'next'
   */
  readonly offset?: 'first' | 'last' | 'next' | number | Date | undefined
  /** Remembers how far this reader has come. @defaultValue none: nothing outlives the subscriber */
  readonly store?: OffsetStore | undefined
  /**
   * How often the offset is saved at most, while it moves, in milliseconds, from 0 to 2,147,483,647; and when the subscriber closes. What was done
   * since then comes again when the process dies. @defaultValue 1_000
   */
  readonly saveEveryMs?: number | undefined
}

/** Checks what {@link ReaderOptions} say beside how events are handled, and `only`. */
export const readerOptions = z.strictObject({
  offset: beginning.default('next'),
  store: z
    .custom<OffsetStore>(
      (value) => ['load', 'save'].every((name) => typeof Object(value)[name] === 'function'),
      'expected a store: load and save',
    )
    .optional(),
  saveEveryMs: z.int().min(0).max(MAX_TIMER_MS).default(1_000),
  only: bindingKeysOption,
})
