import type { FieldTable } from '../../wire/field-table.js'
import type { PolicyDefinition } from './policies.js'
import type { Profile } from './profile.js'
import { maxAgeMs, type QueueType } from './queue-arguments.js'

/** Settings of a queue, from its arguments and its policy. */
export interface QueueSettings {
  readonly messageTtlMs: number | undefined
  readonly expiresMs: number | undefined
  readonly maxLength: number | undefined
  readonly maxBytes: number | undefined
  readonly overflow: string
  readonly deadLetterExchange: string | undefined
  readonly deadLetterRoutingKey: string | undefined
  /** Whether a dead letter is kept until its target queues have it. */
  readonly deadLetterAtLeastOnce: boolean
  /** The delivery limit; `undefined` for none. */
  readonly deliveryLimit: number | undefined
  readonly consumerTimeoutMs: number
  readonly delayedRetry: DelayedRetry | undefined
  readonly maxAgeMs: number | undefined
  readonly segmentBytes: number
}

/** Settings of native retry: which returned messages are held back, and for how long. */
export interface DelayedRetry {
  readonly type: 'all' | 'failed' | 'returned'
  readonly minMs: number
  readonly maxMs: number | undefined
}

const CONSUMER_TIMEOUT_MS = 1_800_000
const SEGMENT_BYTES = 500_000_000

export interface SettingsSource {
  readonly type: QueueType
  readonly args: FieldTable
  readonly policy: PolicyDefinition
  readonly profile: Profile
}

/**
 * Returns the settings of a queue. If argument and policy both set a limit, the smaller counts; otherwise the argument
 * wins.
 */
export function settingsOf({ type, args, policy, profile }: SettingsSource): QueueSettings {
  const text = (name: string): string | undefined => args.text(`x-${name}`) ?? textOf(policy[name])
  const number = (name: string): number | undefined => args.integer(`x-${name}`) ?? numberOf(policy[name])
  const limit = (name: string): number | undefined => {
    const given = [args.integer(`x-${name}`), numberOf(policy[name])].filter((value) => value !== undefined)
    return given.length === 0 ? undefined : Math.min(...given)
  }
  const overflow = text('overflow') ?? 'drop-head'
  const deadLetterExchange = text('dead-letter-exchange')
  const atLeastOnce = text('dead-letter-strategy') === 'at-least-once'
  return {
    messageTtlMs: limit('message-ttl'),
    expiresMs: limit('expires'),
    maxLength: limit('max-length'),
    maxBytes: limit('max-length-bytes'),
    overflow,
    deadLetterExchange,
    deadLetterRoutingKey: text('dead-letter-routing-key'),
    deadLetterAtLeastOnce: type === 'quorum' && atLeastOnce && overflow === 'reject-publish',
    deliveryLimit: type === 'quorum' ? deliveryLimit(limit('delivery-limit'), profile) : undefined,
    consumerTimeoutMs: number('consumer-timeout') ?? CONSUMER_TIMEOUT_MS,
    delayedRetry: type === 'quorum' && profile.delayedRetry ? delayedRetry(text, number) : undefined,
    maxAgeMs: maxAgeMs(text('max-age') ?? ''),
    segmentBytes: args.integer('x-stream-max-segment-size-bytes') ?? SEGMENT_BYTES,
  }
}

function deliveryLimit(given: number | undefined, profile: Profile): number | undefined {
  if (given === undefined) return profile.deliveryLimit
  // Since 4.0 a negative limit means no limit. Before, every message exceeded it.
  return given < 0 && profile.deliveryLimit !== undefined ? undefined : given
}

function delayedRetry(
  text: (name: string) => string | undefined,
  number: (name: string) => number | undefined,
): DelayedRetry | undefined {
  const type = text('delayed-retry-type')
  const minMs = number('delayed-retry-min')
  if (minMs === undefined || (type !== 'all' && type !== 'failed' && type !== 'returned')) return undefined
  return { type, minMs, maxMs: number('delayed-retry-max') }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
