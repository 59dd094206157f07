import { z } from 'zod'
import { MAX_TIMER_MS } from '../../async/timing.js'
import { givenAs, isClass } from '../../errors/given.js'
import { OptionsError } from '../../errors/options-error.js'
import { type BreakerOptions, breakerOptions } from './breaker.js'
import type { DeduplicationStore } from './deduplication.js'
import type { OrderKey } from './slots.js'

/** The largest prefetch that AMQP can express. */
export const MAX_PREFETCH = 65_535

/** The size of a batch, and how long it waits for deliveries. */
export interface BatchOptions {
  /** The most deliveries in one batch, from 1 to 65,535. */
  readonly size: number
  /** How long a batch waits for more deliveries, from its first one on, in milliseconds, from 0 to 2,147,483,647. */
  readonly waitMs: number
}

/** The store of handled messages, and how long it remembers them. */
export interface DeduplicateOptions {
  /** The store of handled messages: one for all workers of the queue. */
  readonly store: DeduplicationStore
  /**
   * How long a finished message is remembered, in milliseconds, from 1. A message that comes again after that is
   * handled again.
   */
  readonly ttlMs: number
}

/** The moment at which a delivery is acknowledged. */
export type Acknowledgement = 'on-return' | 'manual' | 'none'

/** The options that decide which kind of handler is expected. In the types, `Size` is `never` without a batch. */
export interface ModeOptions<Acknowledge extends Acknowledgement = Acknowledgement, Size = number> {
  /**
   * The moment at which a delivery is acknowledged (`basic.ack`):
   * - `on-return`: when the handler returns
   * - `manual`: when the handler settles it, with `delivery.ack()` or another of its methods. A delivery that is not
   *   settled within `handlerTimeoutMs` is a failed attempt
   * - `none`: before the handler begins, which waits until the broker has processed the ack. At most once: a message
   *   does not come again if its handler fails or its process dies. Not for streams
   *
   * A message that does not fit the contract is settled by the contract's rules in each of these modes.
   *
   * @defaultValue 'on-return'
   */
  readonly acknowledge?: Acknowledge | undefined
  /**
   * Calls the handler with several deliveries at once. Needs `acknowledge: 'on-return'`, and excludes `orderBy`.
   * @defaultValue none: one at a time
   */
  readonly batch?: (BatchOptions & { readonly size: Size }) | undefined
}

/** The other options that a batch allows, when there is one. */
export type WithBatch<Size> = [Size] extends [never]
  ? unknown
  : { readonly acknowledge?: 'on-return' | undefined; readonly orderBy?: undefined }

/** Options of handling deliveries, for every kind of handler. */
export interface HandlingOptions {
  /**
   * The most handlers, or batches, that run at once, from 1 to 65,535. With 1, they begin in their order of arrival.
   * @defaultValue 10; 1 with `batch`, and for a stream
   */
  readonly concurrency?: number | undefined
  /**
   * The most unacknowledged deliveries that are held at once, from 1 to 65,535; with `batch` at least its `size`.
   * @defaultValue 10; with another `concurrency` that many, times the size of a batch; at least 100 for a stream
   */
  readonly prefetch?: number | undefined
  /**
   * The time limit of an attempt, in milliseconds, from 1 to 2,147,483,647. When it is over, the attempt has failed,
   * whatever its handler then returns or throws, and `delivery.signal` is aborted. A handler that runs for another
   * second is given up: `health()` counts it as `hung`, and its slot is free. Must be shorter than the broker waits for
   * an ack: 30 minutes, or the contract's `consumerTimeoutMs`.
   * @defaultValue 60_000
   */
  readonly handlerTimeoutMs?: number | undefined
  /**
   * Pauses the worker for a while when too many attempts fail. `true`: when 10 % of at least 100 attempts in a minute
   * have failed, it pauses for a minute. @defaultValue false
   */
  readonly breaker?: boolean | BreakerOptions | undefined
  /**
   * Whether a message that came back twice from other processes is handled alone, because it may crash them. Deliveries
   * beside it would come back with it, until all are given up. Running handlers get a second to end first. Messages
   * that came back because this process lost its connection are not suspected. For quorum queues without a single
   * active consumer or native retry. There, each subscription begins with one delivery, and holds one more than
   * `prefetch` until that one is settled.
   * @defaultValue true
   */
  readonly isolation?: boolean | undefined
  /**
   * Skips messages that have been handled under the same `messageId`.
   * @defaultValue none: a message that comes twice is handled twice
   */
  readonly deduplicate?: DeduplicateOptions | undefined
  /**
   * The priority of the consumer, from -2,147,483,648 to 2,147,483,647. Consumers of a higher priority get deliveries
   * first; those of a lower one get what the others cannot take.
   * @see https://www.rabbitmq.com/docs/consumer-priority
   * @defaultValue the broker's: 0
   */
  readonly priority?: number | undefined
  /**
   * Whether this consumer is the only one that the queue allows. A second consumer waits until the first is gone; its
   * `start` rejects with a `BrokerError` (403, in exclusive use) after `startupTimeoutMs`. Classic queues only.
   * @defaultValue false
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
      "cannot be combined with orderBy, or with acknowledge: 'manual' or 'none': a batch handler returns a result for each delivery",
  })
  .transform(({ concurrency, prefetch, ...others }) => {
    const running = concurrency ?? (others.batch === undefined ? 10 : 1)
    const held = prefetch ?? Math.min(running * (others.batch?.size ?? 1), MAX_PREFETCH)
    return { ...others, concurrency: running, prefetch: held }
  })
  .refine(({ batch, prefetch }) => batch === undefined || prefetch >= batch.size, {
    path: ['prefetch'],
    message: 'must be at least batch.size, or a batch never fills',
  })

/** The options of handling deliveries, with every default filled in. */
export type HandlingSettings = z.output<typeof handlingOptions>

/**
 * Checks that a role was given a function as its handler.
 *
 * @param role - the role to name in the error
 * @throws {@link OptionsError}
 */
export function checkHandler(role: string, handler: unknown): void {
  const what = problemOf(handler)
  if (what === undefined) return
  const advice = what === 'a promise' ? ', not the result of calling it' : ''
  throw new OptionsError(
    `${role}: the handler is ${what}: expected a function${advice}. It comes after the contract, before the options`,
  )
}

function problemOf(handler: unknown): string | undefined {
  // A class is a function too, but each call without `new` would fail.
  if (typeof handler === 'function') return isClass(handler) ? 'a class' : undefined
  return givenAs(handler)
}
