import type { Issue } from '../../errors/issue.js'

const MAX_ISSUES = 50
const MAX_ISSUE_LENGTH = 500
/** The message of an issue for which its schema gives none. */
const NO_MESSAGE = 'the schema does not say why'

/** Result of a schema's validation. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** A problem of a value, as the schema of any library reports it. */
export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** The issue of arktype, with more than the message. */
interface ArktypeIssue extends SchemaIssue {
  readonly expected?: unknown
  readonly code?: unknown
  /** Issues that this one consists of, each with the path from the root. */
  readonly errors?: readonly ArktypeIssue[]
}

/** The issue of valibot, with more than the message. */
interface ValibotIssue extends SchemaIssue {
  /** The refused value, as the message quotes it. */
  readonly received?: unknown
}

/**
 * Reads the issues of a schema, without the refused values. arktype and valibot quote them in their messages; zod does
 * not.
 *
 * @param issues - may be an array of arktype's own class, whose `map` returns the same class
 */
export function readIssues(vendor: string, issues: readonly SchemaIssue[]): Issue[] {
  return Array.from(issues, (issue) => ({ path: pathOf(issue), message: messageOf(vendor, issue) }))
}

function pathOf({ path = [] }: SchemaIssue): (string | number)[] {
  return Array.from(path, (step) => {
    const key: unknown = typeof step === 'object' && step !== null ? step.key : step
    if (typeof key === 'string' || typeof key === 'number') return key
    // The key of a map may be any value, and an element of a set has no key.
    return typeof key === 'symbol' ? String(key) : '?'
  })
}

function messageOf(vendor: string, issue: SchemaIssue): string {
  // A schema of any library comes from outside: a message that is no text must not stop a server from answering.
  if (typeof issue.message !== 'string') return NO_MESSAGE
  if (vendor === 'arktype') return `must be ${expectedOf(issue)}`
  return vendor === 'valibot' ? withoutReceived(issue) : issue.message
}

/** Describes what arktype expected. Its own texts for composed issues quote the messages of their parts. */
function expectedOf({ code, errors, expected, path = [] }: ArktypeIssue): string {
  if (errors === undefined) return String(expected)
  const parts = Array.from(errors, (error) => {
    const below = pathOf(error).slice(path.length).join('.')
    return below === '' ? expectedOf(error) : `${below} must be ${expectedOf(error)}`
  })
  return [...new Set(parts)].join(code === 'union' ? ' or ' : ' and ')
}

/**
 * Removes the refused value from valibot's message. A number in the middle of the text is kept, because it may belong
 * to the schema.
 */
function withoutReceived({ message, received }: ValibotIssue): string {
  if (typeof received !== 'string' || received === '') return message
  if (received.startsWith('"')) return message.replaceAll(received, '…')
  return message.endsWith(received) ? `${message.slice(0, -received.length)}…` : message
}

/** Shortens issues, because they come from outside and are kept: at most 50 issues of 50 steps and 500 characters. */
export function shortened(issues: readonly Issue[]): Issue[] {
  return issues.slice(0, MAX_ISSUES).map(({ path, message }) => ({
    path: path.slice(0, MAX_ISSUES),
    message: message.slice(0, MAX_ISSUE_LENGTH),
  }))
}
