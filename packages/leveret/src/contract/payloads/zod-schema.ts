import { z } from 'zod'
import { type MaybePromise, maybePromiseOf, whenReady } from '../../async/maybe-promise.js'
import type { SchemaResult } from './issues.js'

/** Functions that zod takes as synchronous: what makes the text of an error, whether a check is made, `trim` and its kin, `catch`. */
const SYNCHRONOUS: ReadonlySet<string> = new Set(['error', 'when', 'tx', 'catchValue'])

/**
 * Validates with a schema of zod that calls functions.
 *
 * Its own `~standard` tries them as synchronous first. Where one is asynchronous, it calls all of them again and drops the first
 * promise, whose rejection would end the process (measured on 4.6.7). Asked as asynchronous at once, zod calls each function once, and
 * answers without a promise where all are synchronous; only its fast path for objects is lost (0.7 µs), so others are not asked so.
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

/** Whether a schema of zod may call functions. One that cannot be looked at does. */
export function mayCall(schema: z.core.$ZodType): boolean {
  try {
    return holdsFunction(schema, new Set())
  } catch {
    return true
  }
}

/** Looks through a schema's own description, down to what it is made of. */
function holdsFunction(part: unknown, seen: Set<unknown>): boolean {
  if (typeof part === 'function') return true
  if (typeof part !== 'object' || part === null || seen.has(part)) return false
  seen.add(part)
  const description: Readonly<Record<string, unknown>> = Object(Object(part)._zod).def ?? part
  if (description.check === 'custom') return true
  return Object.entries(description).some(([name, inner]) => !SYNCHRONOUS.has(name) && holdsFunction(inner, seen))
}
