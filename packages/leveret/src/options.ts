import { z } from 'zod'
import { givenAs } from './errors/given.js'
import type { Issue } from './errors/issue.js'
import { messageOf } from './errors/message-of.js'
import { OptionsError } from './errors/options-error.js'

/**
 * Checks options once, at the door, and fills in the defaults. The caller's object is left alone.
 *
 * @param where - what the options belong to, as the caller wrote it, for example `connect`
 * @throws {@link OptionsError} naming each option that is wrong, without its value
 */
export function parseOptions<S extends z.ZodType>(schema: S, options: unknown, where: string): z.output<S> {
  const result = read(schema, options, where)
  if (result.success) return result.data
  const misplaced = misplacedAs(options, result.error.issues)
  if (misplaced !== undefined) throw new OptionsError(`${where}: the options are ${misplaced}`)
  const issues = result.error.issues.flatMap(unfold).map(
    (issue): Issue => ({
      path: issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key)),
      message: issue.code === 'unrecognized_keys' ? `there is no option ${issue.keys.join(', ')}` : issue.message,
    }),
  )
  const lines = issues.map(({ path, message }) => [...(path.length === 0 ? [] : [path.join('.')]), message].join(': '))
  throw new OptionsError(`${where}: ${lines.join('; ')}`, issues)
}

/** What stands where an object with options is expected, if it is something else. */
function misplacedAs(options: unknown, issues: readonly z.core.$ZodIssue[]): string | undefined {
  const given = givenAs(options)
  if (given === 'a schema') return 'a schema: expected an object with the schema in it'
  const isNone = issues.some(
    (issue) => issue.code === 'invalid_type' && issue.path.length === 0 && issue.expected === 'object',
  )
  return isNone ? `${given}: expected an object` : undefined
}

/** Of options that are `false` or an object, what is wrong within the object says more than that neither fits. */
function unfold(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union' || issue.message !== 'Invalid input') return [issue]
  const within = issue.errors.find((branch) => branch.every(({ path }) => path.length > 0))
  return within?.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })) ?? [issue]
}

/** A getter or a proxy may throw when it is read. */
function read<S extends z.ZodType>(schema: S, options: unknown, where: string): z.ZodSafeParseResult<z.output<S>> {
  try {
    return schema.safeParse(options)
  } catch (cause) {
    throw new OptionsError(`${where}: an option cannot be read: ${messageOf(cause)}`, [], { cause })
  }
}

/** A signal. Its type is one that zod 4.0 knows too. */
export const signalOption: z.ZodType<AbortSignal, AbortSignal> = z.instanceof(AbortSignal)
