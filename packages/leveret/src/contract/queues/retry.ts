import { z } from 'zod'
import { MAX_TIMER_MS } from '../../async/timing.js'
import type { Impossible } from './impossible.js'
import type { QueueType } from './queue-options.js'

const DEFAULT_DELAYS_MS = [1_000, 30_000, 300_000]
const MAX_DELAYS = 20
const MAX_ATTEMPTS = 1_000

/** Failed attempts wait as copies, in one queue for each delay. Works on every broker. */
export interface RetryDelays {
  /** After how many milliseconds a failed attempt is made again, from 1 to 2,147,483,647: 1 to 20 entries, one an attempt after the first. */
  readonly delaysMs: readonly number[]
}

/** Failed attempts wait in the work queue itself, held back by RabbitMQ 4.3. */
export interface NativeRetry {
  /** How long, and how often. */
  readonly native: NativeRetrySettings
}

/** How RabbitMQ 4.3 holds failed attempts back: for `minMs` after the first, twice that after the second, up to `maxMs`. */
export interface NativeRetrySettings {
  /** The pause after the first attempt, in milliseconds, from 1 to 2,147,483,647; after the nth it is n times as long. */
  readonly minMs: number
  /** No pause is longer. In milliseconds, from `minMs` to 2,147,483,647. */
  readonly maxMs: number
  /**
   * How many there are in all, from 2 to 1,000: the first one and those that ended with their connection among them. The queue's delivery
   * limit is one less, so a delivery whose process dies in its last attempt is dead-lettered by the broker.
   */
  readonly attempts: number
}

/** When a failed attempt is made again. */
export type RetryPolicy = RetryDelays | NativeRetry

/** What a contract may say of retries, by the type of its queue. */
export type RetryOptions<Type extends QueueType = QueueType> =
  | false
  | RetryDelays
  | (Type extends 'quorum'
      ? NativeRetry
      : { readonly native: Impossible<'only a quorum queue holds back what has failed: say delaysMs'> })

const delayMs = z.int().min(1).max(MAX_TIMER_MS)

const nativeRetry = z
  .strictObject({
    minMs: delayMs,
    maxMs: delayMs,
    attempts: z.int().min(2).max(MAX_ATTEMPTS),
  })
  .refine(({ minMs, maxMs }) => minMs <= maxMs, { path: ['maxMs'], message: 'shorter than minMs' })

const retryDelays = z.strictObject({ delaysMs: z.array(delayMs).min(1).max(MAX_DELAYS).readonly() })

/** What the contract of a stream may say of retries. */
export const retryInPlaceOptions = z
  .union([z.literal(false), retryDelays], 'expected false or { delaysMs }: a stream holds nothing back by itself')
  .default({ delaysMs: DEFAULT_DELAYS_MS })

/** What a contract may say of retries. */
export const retryOptions = z
  .union(
    [z.literal(false), retryDelays, z.strictObject({ native: nativeRetry })],
    'expected false, { delaysMs } or { native: { minMs, maxMs, attempts } }',
  )
  .default({ delaysMs: DEFAULT_DELAYS_MS })

/** The settings of native retry, where a contract asks for it. */
export function nativeRetryOf(retry: RetryPolicy | false): NativeRetrySettings | undefined {
  return retry !== false && 'native' in retry ? retry.native : undefined
}

/** How long the broker holds back what has failed so many attempts. */
export function nativeDelayMs({ minMs, maxMs }: NativeRetrySettings, attempts: number): number {
  return Math.min(minMs * attempts, maxMs)
}
