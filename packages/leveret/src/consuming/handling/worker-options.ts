import { z } from 'zod'
import { MAX_TIMER_MS } from '../../async/timing.js'
import { OptionsError } from '../../errors/errors.js'
import { givenAs, isClass } from '../../errors/given.js'
import { type BreakerOptions, breakerOptions } from './breaker.js'
import type { DeduplicationStore } from './deduplication.js'
import type { OrderKey } from './slots.js'

/** What the protocol can say. */
export const MAX_PREFETCH = 65_535

/** How deliveries come together. */
export interface BatchOptions {
  /** The most deliveries in one batch, from 1 to 65,535. */
  readonly size: number
  /** How long a batch waits for more, from its first delivery on, in milliseconds, from 0 to 2,147,483,647. */
  readonly waitMs: number
}

/** Where and for how long it is remembered what was handled. */
export interface DeduplicateOptions {
  /** Where it is remembered: one store for all workers of the queue. */
  readonly store: DeduplicationStore
  /** How long what was done is remembered, in milliseconds, from 1. What comes again after that is handled again. */
  readonly ttlMs: number
}

/** When a delivery is acknowledged. */
export type Acknowledgement = 'on-return' | 'manual' | 'none'

/** The options that say which handler is asked for. As the compiler reads them, `Size` is `never` without a batch. */
export interface ModeOptions<Acknowledge extends Acknowledgement = Acknowledgement, Size = number> {
  /**
   * - `on-return`: when the handler returns
   * - `manual`: when the handler says so, by `delivery.ack()` and its like. What it leaves unsettled for
   *   `handlerTimeoutMs` is a failed attempt
   * - `none`: before the handler begins, which waits until the broker has read that. At most once: what fails, or is lost with its
   *   process, does not come again. Not for streams
   *
   * What does not fit the contract is settled as ever, whatever this says.
   *
   * @defaultValue 'on-return'
   */
  readonly acknowledge?: Acknowledge | undefined
  /** Hands over several deliveries at once. Goes with `on-return`, and without `orderBy`. @defaultValue none: one at a time */
  readonly batch?: (BatchOptions & { readonly size: Size }) | undefined
}

/** What goes with a batch, when there is one. */
export type WithBatch<Size> = [Size] extends [never]
  ? unknown
  : { readonly acknowledge?: 'on-return' | undefined; readonly orderBy?: undefined }

/** How deliveries are handled, by whatever handler. */
export interface HandlingOptions {
  /**
   * Handlers, or batches, running at once, from 1 to 65,535. One at a time begin in the order in which they came.
   * @defaultValue 10; 1 with `batch`, and for a stream
   */
  readonly concurrency?: number | undefined
  /**
   * Unacknowledged deliveries held at once, from 1 to 65,535; with `batch` as many as its `size`, at least.
   * @defaultValue 10; with another `concurrency` that many, times the size of a batch; at least 100 for a stream
   */
  readonly prefetch?: number | undefined
  /**
   * After this the attempt has failed, whatever its handler then returns or throws; `delivery.signal` is aborted. A handler that goes on
   * for another second is given up: it is told as `hung` in `health()`, and its slot is free. Milliseconds, from 1 to 2,147,483,647; shorter than the
   * broker waits for an ack: 30 minutes, or the contract's `consumerTimeoutMs`.
   * @defaultValue 60_000
   */
  readonly handlerTimeoutMs?: number | undefined
  /** Stops for a while when too many attempts fail. `true`: 10 % of at least 100 in a minute stop it for a minute. @defaultValue false */
  readonly breaker?: boolean | BreakerOptions | undefined
  /**
   * Handles a message alone that came back twice from other processes, because it may be what ends them: what is in hand with it would
   * come back with it, until all are given up. Handlers that run get a second to end first. What came back because this process lost
   * its connection is not suspected. For quorum queues without a single active consumer or native retry. For that, each
   * subscription begins with one delivery, and holds one above `prefetch` until that is settled. @defaultValue true
   */
  readonly isolation?: boolean | undefined
  /** Does not hand over what has been handled under the same `messageId`. @defaultValue none: what comes twice is handled twice */
  readonly deduplicate?: DeduplicateOptions | undefined
  /**
   * A consumer of a higher priority gets deliveries first, those of a lower one what it cannot take. From -2,147,483,648 to 2,147,483,647.
   * @see https://www.rabbitmq.com/docs/consumer-priority
   * @defaultValue the broker's: 0
   */
  readonly priority?: number | undefined
  /**
   * Nobody else may consume the queue meanwhile. One that comes second waits until the first is gone; its `start` rejects with a
   * `BrokerError` (403, in exclusive use) after `startupTimeoutMs`. Classic queues only. @defaultValue false
   */
  readonly exclusive?: boolean | undefined
}

const batchOptions = z.strictObject({
  size: z.int().min(1).max(MAX_PREFETCH),
  waitMs: z.int().min(0).max(MAX_TIMER_MS),
})

const deduplicateOptions = z.strictObject({
  store: z.custom<DeduplicationStore>(
    (value) => ['begin', 'done', 'giveUp'].every((name) => typeof Object(value)[name] === 'function'),
    'expected a store: begin, done and giveUp',
  ),
  ttlMs: z.int().min(1),
})

/** Checks {@link HandlingOptions}, {@link ModeOptions} and `orderBy`. */
export const handlingOptions = z
  .strictObject({
    concurrency: z.int().min(1).max(MAX_PREFETCH).optional(),
    prefetch: z.int().min(1).max(MAX_PREFETCH).optional(),
    handlerTimeoutMs: z.int().min(1).max(MAX_TIMER_MS).default(60_000),
    acknowledge: z.enum(['on-return', 'manual', 'none']).default('on-return'),
    batch: batchOptions.optional(),
    orderBy: z
      .custom<(payload: never) => OrderKey>((value) => typeof value === 'function', 'expected a function')
      .optional(),
    isolation: z.boolean().default(true),
    breaker: z
      .union([z.boolean(), breakerOptions])
      .default(false)
      .transform((breaker) => (breaker === true ? breakerOptions.parse({}) : breaker)),
    deduplicate: deduplicateOptions.optional(),
    priority: z.int().min(-2_147_483_648).max(2_147_483_647).optional(),
    exclusive: z.boolean().default(false),
  })
  .refine(({ batch, acknowledge, orderBy }) => !batch || (acknowledge === 'on-return' && !orderBy), {
    path: ['batch'],
    message:
      'goes with neither orderBy nor another acknowledge than on-return: its handler returns a result for each delivery',
  })
  .transform(({ concurrency, prefetch, ...others }) => {
    const running = concurrency ?? (others.batch === undefined ? 10 : 1)
    const held = prefetch ?? Math.min(running * (others.batch?.size ?? 1), MAX_PREFETCH)
    return { ...others, concurrency: running, prefetch: held }
  })
  .refine(({ batch, prefetch }) => batch === undefined || prefetch >= batch.size, {
    path: ['prefetch'],
    message: 'a batch would never be full: as many deliveries as batch.size, at least',
  })

/** How deliveries are handled, with every default filled in. */
export type HandlingSettings = z.output<typeof handlingOptions>

/**
 * Checks that a role was given a function to handle deliveries with.
 *
 * @param role - for the error
 * @throws {@link OptionsError}
 */
export function checkHandler(role: string, handler: unknown): void {
  const what = problemOf(handler)
  if (what === undefined) return
  const advice = what === 'a promise' ? ', not what a call of it returns' : ''
  throw new OptionsError(
    `${role}: the handler is ${what}: expected a function${advice}. It comes after the contract, before the options`,
  )
}

function problemOf(handler: unknown): string | undefined {
  // A class is a function too, and fails each call without `new`.
  if (typeof handler === 'function') return isClass(handler) ? 'a class' : undefined
  return givenAs(handler)
}
