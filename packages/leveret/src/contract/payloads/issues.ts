import type { Issue } from '../../errors/issue.js'

/** What a schema answers. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** What is wrong with a value, as a schema of any library says it. */
export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What arktype says beside the message. */
interface ArktypeIssue extends SchemaIssue {
  readonly expected?: unknown
  readonly code?: unknown
  /** Those of which it is made, each with the path from the root. */
  readonly errors?: readonly ArktypeIssue[]
}

/** What valibot says beside the message. */
interface ValibotIssue extends SchemaIssue {
  /** The refused value, as the message quotes it. */
  readonly received?: unknown
}

/**
 * Reads the issues of a schema, without the refused values: arktype and valibot quote them in their messages. zod does not.
 *
 * @param issues - arrays of arktype's own kind, too, whose `map` makes another of that kind
 */
export function readIssues(vendor: string, issues: readonly SchemaIssue[]): Issue[] {
  return Array.from(issues, (issue) => ({ path: pathOf(issue), message: messageOf(vendor, issue) }))
}

function pathOf({ path = [] }: SchemaIssue): (string | number)[] {
  return Array.from(path, (step) => {
    const key: unknown = typeof step === 'object' && step !== null ? step.key : step
    if (typeof key === 'string' || typeof key === 'number') return key
    // The key of a map may be any value, and a place in a set has none.
    return typeof key === 'symbol' ? String(key) : '?'
  })
}

function messageOf(vendor: string, issue: SchemaIssue): string {
  if (vendor === 'arktype') return `must be ${expectedOf(issue)}`
  return vendor === 'valibot' ? withoutReceived(issue) : issue.message
}

/** Its own texts for what is made of others hold their messages. */
function expectedOf({ code, errors, expected, path = [] }: ArktypeIssue): string {
  if (errors === undefined) return String(expected)
  const parts = Array.from(errors, (error) => {
    const below = pathOf(error).slice(path.length).join('.')
    return below === '' ? expectedOf(error) : `${below} must be ${expectedOf(error)}`
  })
  return [...new Set(parts)].join(code === 'union' ? ' or ' : ' and ')
}

/** Where a number that is no text is quoted in the middle, it may as well be the schema's own. */
function withoutReceived({ message, received }: ValibotIssue): string {
  if (typeof received !== 'string' || received === '') return message
  if (received.startsWith('"')) return message.replaceAll(received, '…')
  return message.endsWith(received) ? `${message.slice(0, -received.length)}…` : message
}
