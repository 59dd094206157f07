import { z } from 'zod'
import { MAX_TIMER_MS } from '../../async/timing.js'
import type { Impossible } from './impossible.js'
import type { QueueType } from './queue-options.js'

const DEFAULT_DELAYS_MS = [1_000, 30_000, 300_000]
const MAX_DELAYS = 20
const MAX_ATTEMPTS = 1_000

/** Retry with copies: a failed attempt waits as a copy, in one queue for each delay. Works on every broker. */
export interface RetryDelays {
  /**
   * Delays before the next attempt, in milliseconds, from 1 to 2,147,483,647: 1 to 20 entries, one for each attempt
   * after the first.
   */
  readonly delaysMs: readonly number[]
}

/** Native retry: a failed attempt waits in the work queue itself, and RabbitMQ 4.3 delays its redelivery. */
export interface NativeRetry {
  /** Settings of the delays, and of the number of attempts. */
  readonly native: NativeRetrySettings
}

/**
 * Settings of native retry. RabbitMQ 4.3 waits `minMs` after the first attempt, twice that after the second, up to
 * `maxMs`.
 */
export interface NativeRetrySettings {
  /**
   * The delay after the first attempt, in milliseconds, from 1 to 2,147,483,647; after the nth attempt it is n times as
   * long.
   */
  readonly minMs: number
  /** The longest delay, in milliseconds, from `minMs` to 2,147,483,647. */
  readonly maxMs: number
  /**
   * How many attempts there are in all, from 2 to 1,000, including the first and those that ended with their
   * connection. The queue's delivery limit is one less, so the broker dead-letters a delivery whose process dies in its
   * last attempt.
   */
  readonly attempts: number
}

/** Retries of failed attempts: with copies, or native. */
export type RetryPolicy = RetryDelays | NativeRetry

/** Options for retries, by the type of the queue. */
export type RetryOptions<Type extends QueueType = QueueType> =
  | false
  | RetryDelays
  | (Type extends 'quorum'
      ? NativeRetry
      : { readonly native: Impossible<'only a quorum queue can delay a redelivery: use delaysMs'> })

const delayMs = z.int().min(1).max(MAX_TIMER_MS)

const nativeRetry = z
  .strictObject({
    minMs: delayMs,
    maxMs: delayMs,
    attempts: z.int().min(2).max(MAX_ATTEMPTS),
  })
  .refine(({ minMs, maxMs }) => minMs <= maxMs, { path: ['maxMs'], message: 'shorter than minMs' })

const retryDelays = z.strictObject({ delaysMs: z.array(delayMs).min(1).max(MAX_DELAYS).readonly() })

/** Checks the option `retry` of a stream. */
export const retryInPlaceOptions = z
  .union([z.literal(false), retryDelays], 'expected false or { delaysMs }: a stream cannot delay a redelivery')
  .default({ delaysMs: DEFAULT_DELAYS_MS })

/** Checks the option `retry` of a queue. */
export const retryOptions = z
  .union(
    [z.literal(false), retryDelays, z.strictObject({ native: nativeRetry })],
    'expected false, { delaysMs } or { native: { minMs, maxMs, attempts } }',
  )
  .default({ delaysMs: DEFAULT_DELAYS_MS })

/** Returns the settings of native retry; `undefined` if the contract has another policy. */
export function nativeRetryOf(retry: RetryPolicy | false): NativeRetrySettings | undefined {
  return retry !== false && 'native' in retry ? retry.native : undefined
}

/** Returns how long the broker delays a message after this many failed attempts. */
export function nativeDelayMs({ minMs, maxMs }: NativeRetrySettings, attempts: number): number {
  return Math.min(minMs * attempts, maxMs)
}
