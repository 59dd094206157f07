import { z } from 'zod'

/** AMQP's limit for a name, a key or an id, in bytes of UTF-8. */
export const MAX_SHORT_BYTES = 255

const LINE_END = /[\n\v\f\r\u0085\u2028\u2029]/
/** Half of a pair that stands for one character. UTF-8 has no form for it, and Node.js would write U+FFFD in its place. */
const LONE_SURROGATE = /\p{Surrogate}/u

/** Why a text cannot go over the wire as a name; `undefined` when it can. */
export function nameProblem(text: string, maxBytes: number = MAX_SHORT_BYTES): string | undefined {
  if (Buffer.byteLength(text) > maxBytes) return `has at most ${maxBytes} bytes of UTF-8`
  if (LINE_END.test(text)) return 'has no line end in it: logs and tools would break it apart'
  return LONE_SURROGATE.test(text)
    ? 'has no lone surrogate in it: half a character cannot be written as UTF-8'
    : undefined
}

/** Why a table cannot go over the wire for the names in it; `undefined` when it can. */
export function namesProblem(table: Readonly<Record<string, unknown>>): string | undefined {
  for (const name of Object.keys(table)) {
    const problem = nameProblem(name)
    if (problem !== undefined) return `${quoted(name.slice(0, 20))}: a name ${problem}`
  }
  return undefined
}

/** A name, a key or an id. @param what - what it is, for the error, as in `a queue name` */
export function shortString(what: string, maxBytes: number = MAX_SHORT_BYTES): z.ZodString {
  return z.string().superRefine((text, context) => {
    const problem = nameProblem(text, maxBytes)
    if (problem !== undefined) context.addIssue(`${what} ${problem}`)
  })
}

/** A name as an error shows it: in quotes, on one line. */
export function quoted(name: unknown): string {
  const text = String(name)
  return nameProblem(text, Number.POSITIVE_INFINITY) === undefined ? `'${text}'` : `'${escaped(text)}'`
}

function escaped(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(LINE_ENDS_LEFT, (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** JSON leaves these as they are. */
const LINE_ENDS_LEFT = /[\u0085\u2028\u2029]/g
