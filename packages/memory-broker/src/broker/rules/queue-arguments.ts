import { type Field, integerOf, textOf, typeName } from '../../wire/field.js'
import type { FieldTable } from '../../wire/field-table.js'
import type { Profile } from './profile.js'
import { ReplyError } from './reply-error.js'

/** The types of queues. */
export type QueueType = 'classic' | 'quorum' | 'stream'

/** Returns the fault of a value, in RabbitMQ's words; `undefined` if the value is valid. */
type Check = (field: Field, args: FieldTable) => string | undefined

const QUEUE_TYPES: readonly string[] = ['classic', 'quorum', 'stream']
const OVERFLOWS: readonly string[] = ['drop-head', 'reject-publish', 'reject-publish-dlx']
const STRATEGIES: readonly string[] = ['at-most-once', 'at-least-once']
const LOCATORS: readonly string[] = ['client-local', 'balanced', 'random', 'least-leaders']
const MAX_PRIORITY = 255

/** The arguments that RabbitMQ knows. */
const CHECKS: Readonly<Record<string, Check>> = {
  'x-expires': (field) => natural(field) ?? (integerOf(field) === 0 ? '{value_zero,0}' : undefined),
  'x-message-ttl': natural,
  'x-dead-letter-exchange': () => undefined,
  'x-dead-letter-routing-key': (_field, args) =>
    args.get('x-dead-letter-exchange') === undefined ? 'routing_key_but_no_dlx_defined' : undefined,
  'x-dead-letter-strategy': oneOf(STRATEGIES, 'invalid_dlx_strategy'),
  'x-max-length': natural,
  'x-max-length-bytes': natural,
  'x-max-in-memory-length': natural,
  'x-max-in-memory-bytes': natural,
  'x-max-priority': (field) => natural(field) ?? maximum(field),
  'x-overflow': oneOf(OVERFLOWS, 'invalid_overflow'),
  'x-queue-mode': oneOf(['default', 'lazy'], 'invalid_queue_mode'),
  'x-queue-version': natural,
  'x-single-active-consumer': boolean,
  'x-queue-type': queueType,
  'x-quorum-initial-group-size': natural,
  'x-max-age': maxAge,
  'x-stream-max-segment-size-bytes': natural,
  'x-stream-filter-size-bytes': natural,
  'x-initial-cluster-size': natural,
  'x-queue-leader-locator': oneOf(LOCATORS, 'invalid_queue_locator_arg'),
  'x-delivery-limit': () => undefined,
}

/** Arguments whose value must be a text. RabbitMQ has a separate sentence for them. */
const TEXTS: readonly string[] = ['x-dead-letter-exchange', 'x-dead-letter-routing-key']

/** Arguments that each type of queue takes, in the order in which RabbitMQ compares them at a second declaration. */
const TAKEN: Readonly<Record<QueueType, readonly string[]>> = {
  classic: [
    'x-expires',
    'x-message-ttl',
    'x-dead-letter-exchange',
    'x-dead-letter-routing-key',
    'x-max-length',
    'x-max-length-bytes',
    'x-max-priority',
    'x-overflow',
    'x-queue-mode',
    'x-queue-version',
    'x-single-active-consumer',
    'x-queue-type',
    'x-queue-master-locator',
    'x-queue-leader-locator',
  ],
  quorum: [
    'x-dead-letter-exchange',
    'x-dead-letter-routing-key',
    'x-dead-letter-strategy',
    'x-expires',
    'x-max-length',
    'x-max-length-bytes',
    'x-max-in-memory-length',
    'x-max-in-memory-bytes',
    'x-overflow',
    'x-single-active-consumer',
    'x-queue-type',
    'x-quorum-initial-group-size',
    'x-delivery-limit',
    'x-message-ttl',
    'x-queue-leader-locator',
  ],
  stream: [
    'x-max-length-bytes',
    'x-queue-type',
    'x-max-age',
    'x-stream-max-segment-size-bytes',
    'x-stream-filter-size-bytes',
    'x-initial-cluster-size',
    'x-queue-leader-locator',
  ],
}

/** Arguments of native retry, which only 4.3 has. */
const NATIVE_RETRY = ['x-delayed-retry-type', 'x-delayed-retry-min', 'x-delayed-retry-max']

/** Describes a queue or an exchange for a reply: `queue 'tasks' in vhost '/'`. */
export function described(kind: 'queue' | 'exchange', name: string, vhost: string): string {
  return `${kind} '${name}' in vhost '${vhost}'`
}

/** Reads the type of a queue from its arguments. @throws ReplyError 406 if there is no such type */
export function queueTypeOf(args: FieldTable, subject: string): QueueType {
  const field = args.get('x-queue-type')
  if (field === undefined) return 'classic'
  const wrong = queueType(field)
  if (wrong !== undefined) throw new ReplyError(406, `invalid arg 'x-queue-type' for ${subject}: ${wrong}`)
  return textOf(field) as QueueType
}

/** Returns the arguments that a second declaration must repeat: those of the type that the version knows. */
export function comparedArguments(type: QueueType, profile: Profile): readonly string[] {
  const known = TAKEN[type]
  const without = profile.like === '3.10' ? known.filter((name) => name !== 'x-stream-filter-size-bytes') : known
  return type === 'quorum' && profile.delayedRetry ? [...without, 'x-consumer-timeout', ...NATIVE_RETRY] : without
}

/** Checks the arguments of a queue. @throws ReplyError 406 for what RabbitMQ refuses */
export function checkQueueArguments(args: FieldTable, subject: string, profile: Profile): QueueType {
  const type = queueTypeOf(args, subject)
  for (const [name, field] of args.entries) {
    const check = CHECKS[name]
    if (check === undefined) continue
    if (TEXTS.includes(name) && field.type !== 'S')
      throw new ReplyError(406, `invalid type '${typeName(field)}' for arg '${name}' in ${subject}`)
    const wrong = check(field, args)
    if (wrong !== undefined) throw new ReplyError(406, `invalid arg '${name}' for ${subject}: ${wrong}`)
  }
  const refused = args.entries.find(([name]) => isRefused(name, type, profile))
  if (refused !== undefined)
    throw new ReplyError(406, `invalid arg '${refused[0]}' for ${subject} of queue type rabbit_${type}_queue`)
  return type
}

function isRefused(name: string, type: QueueType, profile: Profile): boolean {
  if (profile.refusedArguments[type].includes(name)) return true
  if (NATIVE_RETRY.includes(name)) return profile.delayedRetry && type !== 'quorum'
  return CHECKS[name] !== undefined && !TAKEN[type].includes(name)
}

function natural(field: Field): string | undefined {
  const value = integerOf(field)
  if (value === undefined) return `"expected integer, got ${typeName(field)}"`
  return value < 0 ? `{value_negative,${value}}` : undefined
}

function maximum(field: Field): string | undefined {
  const value = integerOf(field) ?? 0
  return value > MAX_PRIORITY ? `{max_value_exceeded,${value}}` : undefined
}

function boolean(field: Field): string | undefined {
  return field.type === 't' ? undefined : `{unacceptable_type,${typeName(field)}}`
}

function oneOf(values: readonly string[], wrong: string): Check {
  return (field) => {
    const value = textOf(field)
    if (value === undefined) return `{unacceptable_type,${typeName(field)}}`
    return values.includes(value) ? undefined : wrong
  }
}

function queueType(field: Field): string | undefined {
  const value = textOf(field)
  if (value === undefined) return `{unacceptable_type,${typeName(field)}}`
  return QUEUE_TYPES.includes(value) ? undefined : `"unsupported queue type '${value}'"`
}

function maxAge(field: Field): string | undefined {
  const value = textOf(field)
  if (value === undefined) return `{unacceptable_type,${typeName(field)}}`
  return maxAgeMs(value) === undefined ? 'invalid_max_age' : undefined
}

const DAY_MS = 86_400_000
const UNITS_MS: Readonly<Record<string, number>> = {
  Y: 365 * DAY_MS,
  M: 30 * DAY_MS,
  D: DAY_MS,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
}

/** How long an age such as `'7D'` is, in milliseconds; `undefined` if the text is not an age. */
export function maxAgeMs(age: string): number | undefined {
  const [, count, unit = ''] = /^(\d+)([YMDhms])$/.exec(age) ?? []
  const unitMs = UNITS_MS[unit]
  return count === undefined || unitMs === undefined ? undefined : Number(count) * unitMs
}
