import { z } from 'zod'
import { MAX_TIMER_MS } from '../options.js'

const DEFAULT_DELAYS_MS = [1_000, 30_000, 300_000]
const MAX_DELAYS = 20
const MAX_ATTEMPTS = 1_000

/** Failed attempts wait as copies, in one queue for each delay. Works on every broker. */
export interface RetryDelays {
  /** After how long a failed attempt is made again: one entry an attempt after the first. */
  readonly delaysMs: readonly number[]
}

/** Failed attempts wait in the work queue itself, held back by RabbitMQ 4.3. */
export interface NativeRetry {
  readonly native: NativeRetrySettings
}

/** How RabbitMQ 4.3 holds failed attempts back: for `minMs` after the first, twice that after the second, up to `maxMs`. */
export interface NativeRetrySettings {
  readonly minMs: number
  readonly maxMs: number
  /** In all, the first one and those that ended with their connection among them. */
  readonly attempts: number
}

/** When a failed attempt is made again. */
export type RetryPolicy = RetryDelays | NativeRetry

const delayMs = z.int().min(1).max(MAX_TIMER_MS)

const nativeRetry = z
  .strictObject({
    /** The pause after the first attempt; after the nth it is n times as long. */
    minMs: delayMs,
    /** No pause is longer. */
    maxMs: delayMs,
    /**
     * How many there are in all, the first among them. The queue's delivery limit is one less, so a delivery whose process
     * dies in its last attempt is dead-lettered by the broker.
     */
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
