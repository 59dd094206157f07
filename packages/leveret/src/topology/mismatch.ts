import type { Mismatch } from '../errors/topology-mismatch-error.js'

const INEQUIVALENT =
  /inequivalent arg '([^']+)' for (queue|exchange) '(.+?)' in vhost .*?: received (.*?) but current is (.*)$/s

/** A value as the broker writes it: `none`, or a text, with its type where the broker names it. */
export type FoundValue = 'none' | { readonly text: string; readonly type?: string }

/** The broker's report of an argument that differs. */
export type ReadMismatch = Omit<Mismatch, 'describedAs'> & { readonly current: FoundValue }

/**
 * Reads the broker's sentence about an argument that differs.
 *
 * @returns `undefined` when the sentence is about something else
 */
export function readMismatch(replyText: string): ReadMismatch | undefined {
  const parts = INEQUIVALENT.exec(replyText)
  if (parts === null) return undefined
  const [, argument = '', kind, entity = '', wanted = '', found = ''] = parts
  const current = readValue(found)
  return {
    kind: kind === 'exchange' ? 'exchange' : 'queue',
    entity,
    argument,
    wanted: textOf(readValue(wanted)),
    found: textOf(current),
    replyText,
    current,
  }
}

/** Reads `the value '20' of type 'signedint'`, `'20'`, or `none`. */
function readValue(written: string): FoundValue {
  if (written === 'none') return 'none'
  const [, text, type] = /^(?:the )?value '(.*?)'(?: of type '(.*?)')?/s.exec(written) ?? []
  if (text === undefined) return { text: written.replace(/^'(.*)'$/s, '$1') }
  return type === undefined ? { text } : { text, type }
}

function textOf(value: FoundValue): string {
  return value === 'none' ? value : value.text
}

const INTEGERS = new Set(['signedint', 'unsignedint', 'long', 'byte', 'unsignedbyte', 'short', 'unsignedshort'])

/**
 * Converts a value that the broker reported.
 *
 * @param declared - the declared value of the same argument; its type is assumed where the broker names none
 * @returns `undefined` in `is` for `none`; `'unknown'` for a value that has no form in a contract
 */
export function foundValue(found: FoundValue, declared: unknown): { readonly is: unknown } | 'unknown' {
  if (found === 'none') return { is: undefined }
  const { text, type = TYPES[typeof declared] ?? 'longstr' } = found
  if (type === 'longstr') return { is: text }
  if (type === 'bool') return { is: text === 'true' }
  const number = Number(text)
  return INTEGERS.has(type) && Number.isSafeInteger(number) ? { is: number } : 'unknown'
}

const TYPES: Readonly<Record<string, string>> = { number: 'long', boolean: 'bool' }
