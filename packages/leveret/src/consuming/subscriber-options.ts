import { z } from 'zod'
import { bindingKeysOption, bindingOptions } from '../contract/bindings.js'
import { MAX_TIMER_MS } from '../options.js'
import type { OffsetStore } from './offset-store.js'

/** Options of an ephemeral subscriber: it has a queue of its own that goes with its connection, and gaps are reported. */
export const ephemeralOptions = bindingOptions.extend({
  /** The most messages that wait; older ones give way. @defaultValue no bound */
  maxLength: z.int().min(1).optional(),
})

/** Options of a durable subscriber: all else is in its contract. */
export const durableOptions = z.strictObject({})

const beginning = z.union(
  [
    z.enum(['first', 'last', 'next']),
    z.int().min(0),
    z.date().refine((date) => date.getTime() >= 0, 'a date before 1970'),
  ],
  "expected 'first', 'last', 'next', a whole number from 0, or a valid Date since 1970",
)

/** Options of a reader of a stream. */
export const readerOptions = z.strictObject({
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
  /**
   * For streams of direct and topic exchanges: routing keys, or patterns of them, that this reader hands over. It reads past all
   * others, without an event, and the stream keeps them. @defaultValue what the contract's binding keys bring
   */
  only: bindingKeysOption,
})
