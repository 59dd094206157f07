import { z } from 'zod'
import { MAX_TIMER_MS } from '../async/timing.js'
import type { HandlingOptions } from '../consuming/handling/worker-options.js'
import { bindingKeysOption, bindingOptions } from '../contract/exchanges/bindings.js'
import type { OffsetStore } from '../streams/offset-store.js'

/**
 * Options of an ephemeral subscriber: it gets the events of an exchange through a queue of its own, which is deleted
 * with its connection. Gaps are reported.
 */
export interface EphemeralOptions
  extends Pick<HandlingOptions, 'concurrency' | 'prefetch' | 'handlerTimeoutMs' | 'breaker'> {
  /** The most messages that wait in the queue, from 1. Beyond it the oldest are dropped. @defaultValue no limit */
  readonly maxLength?: number | undefined
}

/** Checks {@link EphemeralOptions}, without the options of handling and with those of the bindings. */
export const ephemeralOptions = bindingOptions.extend({ maxLength: z.int().min(1).optional() })

/** Options of a durable subscriber. Everything else is in the contract. */
export interface DurableOptions
  extends Pick<
    HandlingOptions,
    'concurrency' | 'prefetch' | 'handlerTimeoutMs' | 'breaker' | 'isolation' | 'deduplicate' | 'priority' | 'exclusive'
  > {}

/** Checks the options of a durable subscriber, without the options of handling: there are none. */
export const durableOptions = z.strictObject({})

const beginning = z.union(
  [
    z.enum(['first', 'last', 'next']),
    z.int().min(0),
    z.date().refine((date) => date.getTime() >= 0, 'a date before 1970'),
  ],
  "expected 'first', 'last', 'next', a whole number from 0, or a valid Date since 1970",
)

/** Options of a stream subscriber. */
export interface ReaderOptions
  extends Pick<HandlingOptions, 'concurrency' | 'prefetch' | 'handlerTimeoutMs' | 'breaker' | 'deduplicate'> {
  /**
   * The position at which to begin when `store` has no offset; without a store, at each `start()`: `first`; `last` (the
   * last chunk of messages that the broker wrote, so several messages may come); `next` (messages published from now
   * on); an offset from 0; or a date since 1970 (reading starts at the chunk that holds it, so a few earlier messages
   * may come). After a lost connection reading continues behind the messages that are done. @defaultValue 'next'
   */
  readonly offset?: 'first' | 'last' | 'next' | number | Date | undefined
  /** Remembers how far this reader has read. @defaultValue none: the position is lost with the subscriber */
  readonly store?: OffsetStore | undefined
  /**
   * The least time between two saves of the offset, in milliseconds, from 0 to 2,147,483,647. It is also saved when the
   * subscriber closes. If the process dies, the messages done since the last save come again. @defaultValue 1_000
   */
  readonly saveEveryMs?: number | undefined
}

/** Checks {@link ReaderOptions}, without the options of handling and with `only`. */
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
