import { z } from 'zod'
import { type MaybePromise, maybePromiseOf, whenReady } from '../../async/maybe-promise.js'
import type { SchemaResult } from './issues.js'

/**
 * Functions that zod always calls synchronously: those for an error's text, for whether a check runs, for `trim` and
 * the like, and for `catch`.
 */
const SYNCHRONOUS: ReadonlySet<string> = new Set(['error', 'when', 'tx', 'catchValue'])

/**
 * Validates with a zod schema that calls functions.
 *
 * zod's own `~standard` first tries all functions as synchronous. If one turns out asynchronous, zod calls all of them
 * again and drops the first promise, whose rejection would end the process (measured with 4.6.7). If asked to run
 * asynchronously at once, zod calls each function once, and answers without a promise if all are synchronous. That
 * loses only zod's fast path for objects (0.7 µs), so schemas without functions do not use it.
 */
export function validateWithZod(schema: z.core.$ZodType, value: unknown): MaybePromise<SchemaResult<unknown>> {
  const context = { async: true }
  return whenReady(maybePromiseOf(schema._zod.run({ value, issues: [] }, context)), (payload) =>
    payload.issues.length === 0
      ? { value: payload.value }
      : { issues: payload.issues.map((issue) => z.core.util.finalizeIssue(issue, context, z.core.config())) },
  )
}

/** Whether a schema is one of zod's. */
export function isZod(schema: unknown): schema is z.core.$ZodType {
  return typeof Object(Object(schema)._zod).run === 'function'
}

/** Whether a zod schema may call functions. One that cannot be read counts as if it did. */
export function mayCall(schema: z.core.$ZodType): boolean {
  try {
    return holdsFunction(schema, new Set())
  } catch {
    return true
  }
}

/** Whether a part of a schema holds a function. Searches the schema's own description, down to its smallest parts. */
function holdsFunction(part: unknown, seen: Set<unknown>): boolean {
  if (typeof part === 'function') return true
  if (typeof part !== 'object' || part === null || seen.has(part)) return false
  seen.add(part)
  const description: Readonly<Record<string, unknown>> = Object(Object(part)._zod).def ?? part
  if (description.check === 'custom') return true
  return Object.entries(description).some(([name, inner]) => !SYNCHRONOUS.has(name) && holdsFunction(inner, seen))
}
