import { type Field, textOf, toValue, typeName } from '../../wire/field.js'
import type { FieldTable } from '../../wire/field-table.js'
import { ReplyError } from '../rules/reply-error.js'
import { areSame } from '../rules/same-arguments.js'

const KINDS: readonly string[] = ['all', 'any', 'all-with-x', 'any-with-x']

/** @throws ReplyError 406 for an unknown `x-match` */
export function checkHeadersBinding(args: FieldTable): void {
  const match = args.get('x-match')
  if (match === undefined) return
  const kind = textOf(match)
  if (kind === undefined)
    throw new ReplyError(
      406,
      `Invalid x-match field type ${typeName(match)} (value ${String(toValue(match))}); expected longstr`,
    )
  if (!KINDS.includes(kind))
    throw new ReplyError(406, `Invalid x-match field value <<"${kind}">>; expected all, any, all-with-x, or any-with-x`)
}

/** Whether headers match the arguments of a binding of a headers exchange. */
export function headersMatch(args: FieldTable, headers: FieldTable): boolean {
  const kind = args.text('x-match') ?? 'all'
  const wanted = args.entries.filter(([name]) =>
    kind.endsWith('-with-x') ? name !== 'x-match' : !name.startsWith('x-'),
  )
  const isThere = ([name, value]: readonly [string, Field]): boolean => matches(value, headers.get(name))
  return kind.startsWith('any') ? wanted.some(isThere) : wanted.every(isThere)
}

/** Whether a header matches. A void value matches any header, but the header must exist. */
function matches(wanted: Field, header: Field | undefined): boolean {
  if (header === undefined) return false
  return wanted.type === 'V' || areSame(wanted, header)
}
