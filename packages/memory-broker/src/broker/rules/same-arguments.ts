import { toByteText } from '../../wire/byte-text.js'
import { type Field, integerOf, textOf, toValue, typeName } from '../../wire/field.js'
import type { FieldTable } from '../../wire/field-table.js'
import type { Profile } from './profile.js'
import { comparedArguments, type QueueType } from './queue-arguments.js'
import { ReplyError } from './reply-error.js'

/**
 * Checks that a second declaration of a queue repeats its arguments.
 *
 * @throws ReplyError 406 naming the first argument that differs
 */
export function checkSameArguments(
  { type, args: current }: { readonly type: QueueType; readonly args: FieldTable },
  received: FieldTable,
  subject: string,
  profile: Profile,
): void {
  for (const name of comparedArguments(type, profile)) {
    const [is, wants] = [current.get(name), received.get(name)]
    if (name === 'x-queue-type') checkSameType(current, received, subject, profile)
    else if (!areSame(is, wants))
      throw new ReplyError(406, `inequivalent arg '${name}' for ${subject}: ${difference(is, wants)}`)
  }
}

/** Checks that the received properties equal the current ones. @throws ReplyError 406 naming the first that differs */
export function checkSameProperties(
  properties: readonly (readonly [name: string, received: unknown, current: unknown])[],
  subject: string,
): void {
  for (const [name, received, current] of properties) {
    if (received === current) continue
    const words = `received '${received}' but current is '${current}'`
    throw new ReplyError(406, `inequivalent arg '${name}' for ${subject}: ${words}`)
  }
}

function checkSameType(current: FieldTable, received: FieldTable, subject: string, profile: Profile): void {
  const [is, wants] = [current.get('x-queue-type'), received.get('x-queue-type')]
  const [isType, wantsType] = [textOf(is) ?? 'classic', textOf(wants) ?? 'classic']
  if (isType === wantsType) return
  const texts = `received '${wantsType}' but current is '${isType}'`
  const words = profile.like === '3.10' ? difference(is, wants) : texts
  throw new ReplyError(406, `inequivalent arg 'x-queue-type' for ${subject}: ${words}`)
}

/** Whether two values are equal for RabbitMQ, which compares whole numbers of any size. */
export function areSame(a: Field | undefined, b: Field | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  const [left, right] = [integerOf(a), integerOf(b)]
  if (left !== undefined && right !== undefined) return left === right
  return a.type === b.type && a.bytes.equals(b.bytes)
}

/** Describes a difference: `received '6' but current is '5'`, or with types where one is missing. */
export function difference(current: Field | undefined, received: Field | undefined): string {
  if (current !== undefined && received !== undefined)
    return `received '${print(received)}' but current is '${print(current)}'`
  return `received ${withType(received)} but current is ${withType(current)}`
}

function withType(field: Field | undefined): string {
  return field === undefined ? 'none' : `the value '${print(field)}' of type '${typeName(field)}'`
}

function print(field: Field): string {
  return textOf(field) ?? toByteText(String(toValue(field)))
}
