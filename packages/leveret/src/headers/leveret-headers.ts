import { measureTable } from '../message/amqp-table.js'
import type { Headers } from '../message/message.js'
import type { DeathReason } from './dead-letter-reason.js'

/**
 * The most bytes that all `leveret-` headers of a message take on the wire. The rest of the room belongs to the user.
 */
export const MAX_LEVERET_BYTES = 16 * 1024
/** The most bytes of `leveret-` headers that this version does not know: a newer one may have written them. */
const MAX_UNKNOWN_BYTES = 4 * 1024
const MAX_COUNT = 1_000_000
const MAX_SHORT_BYTES = 255

/** The headers that leveret writes on copies. */
export interface LeveretHeaders {
  readonly 'leveret-attempt'?: number
  readonly 'leveret-exchange'?: string
  readonly 'leveret-routing-key'?: string
  readonly 'leveret-queue'?: string
  readonly 'leveret-reason'?: DeathReason
  readonly 'leveret-error-name'?: string
  readonly 'leveret-error-message'?: string
  readonly 'leveret-error-stack'?: string
  readonly 'leveret-dead-lettered-at'?: string
  readonly 'leveret-replays'?: number
  readonly 'leveret-contract'?: string
  readonly 'leveret-original-expiration'?: string
  readonly 'leveret-original-priority'?: number | 'none'
  readonly 'leveret-original-user-id'?: string
  /** The routing keys of the `CC` header. A copy is not sent to them again. */
  readonly 'leveret-original-cc'?: readonly string[]
  /** Names of headers that did not fit into a dead letter. */
  readonly 'leveret-left-out'?: string
}

type Check = (value: unknown) => boolean

const REASONS: Readonly<Record<DeathReason, true>> = {
  rejected: true,
  'invalid-payload': true,
  'attempts-exhausted': true,
  'retry-impossible': true,
  'unknown-message': true,
  'delivery-limit': true,
  expired: true,
  'max-length': true,
  unknown: true,
}

/**
 * Whether a value can be a routing key or an exchange's name: 255 bytes on the wire. Each byte that is no UTF-8 becomes
 * three bytes when it is read as text.
 */
export function isKey(value: unknown): value is string {
  return typeof value === 'string' && Buffer.byteLength(value) <= 3 * MAX_SHORT_BYTES
}

/** Whether a value can be a list of routing keys, within the size that leveret allows for one header. */
export function isKeys(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isKey) && bytesOf({ value }) <= MAX_UNKNOWN_BYTES
}

/** Whether a value fits RabbitMQ's limit for names, 255 bytes. */
export function isShortText(value: unknown): value is string {
  return typeof value === 'string' && Buffer.byteLength(value) <= MAX_SHORT_BYTES
}

const isText: Check = (value) => typeof value === 'string' && Buffer.byteLength(value) <= MAX_LEVERET_BYTES
const isCount: Check = (value) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_COUNT
const isPriority: Check = (value) => value === 'none' || (isCount(value) && Number(value) <= 255)
const isReason: Check = (value) => typeof value === 'string' && Object.hasOwn(REASONS, value)
const isTime: Check = (value) => typeof value === 'string' && value.length <= 30 && !Number.isNaN(Date.parse(value))

const CHECKS: ReadonlyMap<string, Check> = new Map(
  Object.entries<Check>({
    'leveret-attempt': isCount,
    'leveret-exchange': isKey,
    'leveret-routing-key': isKey,
    'leveret-queue': isShortText,
    'leveret-reason': isReason,
    'leveret-error-name': isText,
    'leveret-error-message': isText,
    'leveret-error-stack': isText,
    'leveret-dead-lettered-at': isTime,
    'leveret-replays': isCount,
    'leveret-contract': (value) => typeof value === 'string' && Buffer.byteLength(value) <= 512,
    'leveret-original-expiration': isShortText,
    'leveret-original-priority': isPriority,
    'leveret-original-user-id': isShortText,
    'leveret-original-cc': isKeys,
    'leveret-left-out': isShortText,
  } satisfies Record<keyof LeveretHeaders, Check>),
)

/**
 * Reads the headers that leveret wrote. They come from outside, so they count as one group: if one of them is
 * malformed, all are ignored.
 */
export function readLeveretHeaders(headers: Headers): LeveretHeaders {
  const known = Object.entries(headers).filter(([name]) => CHECKS.has(name))
  // Every value has passed the check of its name, and the checks match the types of the group.
  return known.every(isSound) ? (Object.fromEntries(known) as LeveretHeaders) : {}
}

/**
 * Removes `leveret-*` headers that are malformed. Removes those that this version does not know if together they take
 * more than 4 KiB.
 */
export function soundHeaders(headers: Headers): Headers {
  const isUnknown = (name: string): boolean => name.startsWith('leveret-') && !CHECKS.has(name)
  const entries = Object.entries(headers)
  const unknown = entries.filter(([name]) => isUnknown(name))
  const keepsUnknown = bytesOf(Object.fromEntries(unknown)) <= MAX_UNKNOWN_BYTES
  return Object.fromEntries(entries.filter((entry) => (isUnknown(entry[0]) ? keepsUnknown : isSound(entry))))
}

/** Whether leveret writes a header of this name. */
export function isLeveretHeader(name: string): boolean {
  return CHECKS.has(name)
}

/** The number of bytes that headers take on the wire; `Infinity` when they cannot be written. */
export function bytesOf(headers: Headers): number {
  const size = measureTable(headers)
  return typeof size === 'number' ? size : Number.POSITIVE_INFINITY
}

function isSound([name, value]: readonly [string, unknown]): boolean {
  return CHECKS.get(name)?.(value) ?? true
}
