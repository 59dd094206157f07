import { z } from 'zod'

/** AMQP's limit for a name, a key or an id, in bytes of UTF-8. */
export const MAX_SHORT_BYTES = 255

const LINE_END = /[\n\v\f\r\u0085\u2028\u2029]/
/**
 * Half of a pair that stands for one character. It has no form in UTF-8, and Node.js would write U+FFFD in its place.
 */
const LONE_SURROGATE = /\p{Surrogate}/u

/** Says why a text cannot be a name on the wire; `undefined` if it can. */
export function nameProblem(text: string, maxBytes: number = MAX_SHORT_BYTES): string | undefined {
  if (Buffer.byteLength(text) > maxBytes) return `must have at most ${maxBytes} bytes of UTF-8`
  if (LINE_END.test(text)) return 'must not contain a line end, which would split it in logs and tools'
  return LONE_SURROGATE.test(text) ? 'must not contain a lone surrogate, which UTF-8 cannot encode' : undefined
}

/** Says which name in a table cannot go over the wire, and why; `undefined` if all can. */
export function namesProblem(table: Readonly<Record<string, unknown>>): string | undefined {
  for (const name of Object.keys(table)) {
    const problem = nameProblem(name)
    if (problem !== undefined) return `${quoted(name.slice(0, 20))}: a name ${problem}`
  }
  return undefined
}

/**
 * Schema of a name, a key or an id.
 *
 * @param what - noun for the error, as in `a queue name`
 */
export function shortString(what: string, maxBytes: number = MAX_SHORT_BYTES): z.ZodString {
  return z.string().superRefine((text, context) => {
    const problem = nameProblem(text, maxBytes)
    if (problem !== undefined) context.addIssue(`${what} ${problem}`)
  })
}

/** Shows a name in an error: in quotes, on one line. */
export function quoted(name: unknown): string {
  const text = String(name)
  return nameProblem(text, Number.POSITIVE_INFINITY) === undefined ? `'${text}'` : `'${escaped(text)}'`
}

function escaped(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(LINE_ENDS_LEFT, (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Line ends that JSON does not escape. */
const LINE_ENDS_LEFT = /[\u0085\u2028\u2029]/g
