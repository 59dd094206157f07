import type { ExchangeDeclaration, QueueDeclaration } from '../amqp/declaration.js'
import { foundValue, type ReadMismatch } from './mismatch.js'

type Arguments = Readonly<Record<string, unknown>>

/**
 * Suggests lines of a contract that would describe a queue or exchange as the broker has it. Each line is a solution of
 * its own. The broker names one argument at a time, so the first line may need several rounds, each with the next
 * error. The last line is always enough.
 *
 * @param declared - the declaration that the broker refused
 */
export function describedAsItIs(
  declared: QueueDeclaration | ExchangeDeclaration,
  mismatch: ReadMismatch,
): readonly string[] {
  if (declared.kind === 'exchange') return [...exchangeLines(declared, mismatch), EXISTING]
  switch (declared.part) {
    case 'delay':
      return []
    case 'dead-letter':
      return [
        ...deadLetterLines(declared, mismatch),
        `deadLetter: { queue: ${literal(declared.name)}, existing: true }`,
      ]
    case 'stream':
      // Only a stream can be consumed as one.
      return mismatch.argument === TYPE ? [] : [...streamLines(declared, mismatch), EXISTING]
    default:
      return mismatch.found === 'stream' ? [] : [...queueLines(declared, mismatch), EXISTING]
  }
}

const EXISTING = 'existing: true'
const TYPE = 'x-queue-type'

function queueLines(declared: QueueDeclaration, mismatch: ReadMismatch): readonly string[] {
  if (mismatch.argument === 'durable') {
    return mismatch.found === 'false' ? ["queue: { type: 'classic', durable: false, legacyTransient: true }"] : []
  }
  const found = foundArguments(declared.arguments, mismatch)
  if (found === undefined) return []
  const options = mismatch.argument in OPTIONS && isMadeByOptions(declared.arguments) ? optionsOf(found) : undefined
  return [`queue: ${literal(options ?? { arguments: found })}`]
}

/** The options of a queue that stand for one argument each. */
const OPTIONS: Readonly<Record<string, string>> = {
  [TYPE]: 'type',
  'x-single-active-consumer': 'singleActive',
  'x-consumer-timeout': 'consumerTimeoutMs',
  'x-max-priority': 'maxPriority',
}

/** The arguments that leveret adds itself, so that the options of a contract make them again. */
const ADDED = new Set([
  'x-dead-letter-exchange',
  'x-dead-letter-routing-key',
  'x-dead-letter-strategy',
  'x-overflow',
  'x-delivery-limit',
  'x-delayed-retry-type',
  'x-delayed-retry-min',
  'x-delayed-retry-max',
])

/** Whether the arguments come from options, and not from the contract's own `arguments`. */
function isMadeByOptions(declared: Arguments): boolean {
  const names = Object.keys(declared)
  return names.every((name) => name in OPTIONS || ADDED.has(name)) && names.some((name) => ADDED.has(name))
}

/** The options that make these arguments. @returns `undefined` where no options do */
function optionsOf(found: Arguments): Arguments | undefined {
  const { [TYPE]: type, 'x-consumer-timeout': timeout, 'x-max-priority': priority } = found
  const isQuorum = type === 'quorum'
  if (priority !== undefined && isQuorum) return undefined
  if (timeout !== undefined && (!isQuorum || Number(timeout) < 60_000)) return undefined
  const named = Object.entries(found).flatMap(([name, value]) => {
    const option = OPTIONS[name]
    return option === undefined ? [] : [[option, value]]
  })
  return Object.fromEntries(named)
}

function deadLetterLines(declared: QueueDeclaration, mismatch: ReadMismatch): readonly string[] {
  const found = foundArguments(declared.arguments, mismatch)
  if (found === undefined) return []
  const isPlainClassic = found[TYPE] === 'classic' && Object.keys(found).length === 1
  const how = isPlainClassic ? { type: 'classic' } : { arguments: found }
  return [`deadLetter: ${literal({ queue: declared.name, ...how })}`]
}

const RETENTION: Readonly<Record<string, string>> = {
  'x-max-age': 'maxAge',
  'x-max-length-bytes': 'maxBytes',
  'x-stream-max-segment-size-bytes': 'maxSegmentBytes',
}

function streamLines(declared: QueueDeclaration, mismatch: ReadMismatch): readonly string[] {
  const found = foundArguments(declared.arguments, mismatch)
  if (found === undefined || !(mismatch.argument in RETENTION)) return []
  const kept = Object.entries(found).flatMap(([name, value]) => {
    const option = RETENTION[name]
    return option === undefined ? [] : [[option, option === 'maxAge' ? ageOf(String(value)) : value]]
  })
  return [`retention: ${literal(Object.fromEntries(kept))}`]
}

/** The age as a contract writes it. RabbitMQ 4 reports it in milliseconds. */
function ageOf(written: string): string {
  return /^\d+$/.test(written) ? `${Math.ceil(Number(written) / 1_000)}s` : written
}

function exchangeLines(declared: ExchangeDeclaration, mismatch: ReadMismatch): readonly string[] {
  const { argument, found: text } = mismatch
  if (argument === 'type')
    return [text.startsWith('x-') ? `exchange(…, { type: ${literal(text)} })` : `${text}Exchange(…)`]
  if (argument === 'durable' || argument === 'internal') return [`${argument}: ${text}`]
  if (argument === 'auto_delete') return [`autoDelete: ${text}`]
  const found = foundArguments(declared.arguments, mismatch)
  if (found === undefined) return []
  const { 'alternate-exchange': alternate, ...others } = found
  const lines = [
    ...(alternate === undefined ? [] : [`alternate: ${literal(alternate)}`]),
    ...(Object.keys(others).length === 0 ? [] : [`arguments: ${literal(others)}`]),
  ]
  return lines.length === 0 ? [] : [lines.join(', ')]
}

/**
 * The declared arguments, with the value that the broker has for the differing one.
 * @returns `undefined` where the difference is in no argument, or its value has no form in a contract
 */
function foundArguments(declared: Arguments, { argument, current }: ReadMismatch): Arguments | undefined {
  if (!argument.startsWith('x-') && argument !== 'alternate-exchange') return undefined
  const value = foundValue(current, declared[argument])
  if (value === 'unknown') return undefined
  // For RabbitMQ 3, a queue without a type is classic.
  const is = argument === TYPE ? (value.is ?? 'classic') : value.is
  const others = Object.entries(declared).filter(([name]) => name !== argument && !isImpossible(name, argument, is))
  return Object.fromEntries(is === undefined ? others : [...others, [argument, is]])
}

/** Whether RabbitMQ refuses an argument when another one has the value that was found. */
function isImpossible(name: string, argument: string, is: unknown): boolean {
  if (argument === TYPE && is === 'classic') return QUORUM_ONLY.test(name)
  return argument === 'x-dead-letter-exchange' && is === undefined && name.startsWith('x-dead-letter-')
}

const QUORUM_ONLY = /^x-(dead-letter-strategy$|delivery-limit$|delayed-retry-)/

/** A value as it is written in a program. */
function literal(value: unknown): string {
  if (typeof value === 'string')
    return `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  const entries = Object.entries(value).map(([name, inner]) => {
    return `${/^[A-Za-z_]\w*$/.test(name) ? name : literal(name)}: ${literal(inner)}`
  })
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
}
