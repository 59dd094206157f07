import { isThenable } from '../async/maybe-promise.js'
import { madeOf } from './marks.js'

/**
 * Names the kind of a value that was given where something else is expected, for an error text. It never shows the
 * value: a text may be a URL with a password.
 */
export function givenAs(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return 'a text'
  if (typeof value === 'object' || typeof value === 'function') return givenObject(value)
  return `a ${typeof value}`
}

/** Names the kind of an object or a function. Reading its properties may throw. */
function givenObject(value: object): string {
  try {
    if (isThenable(value)) return 'a promise'
    const made = madeOf(value)
    if (made !== undefined) return `a ${made} of leveret`
    if ('~standard' in value) return 'a schema'
    const { kind, name } = value as { readonly kind?: unknown; readonly name?: unknown }
    if (typeof kind === 'string' && typeof name === 'string') return `a contract of the kind ${kind}`
    if (typeof value === 'function') return isClass(value) ? 'a class' : 'a function'
    return value instanceof URL ? 'a URL object' : 'an object'
  } catch {
    return 'an object that cannot be read'
  }
}

/** The error text for a value that was given in place of a connection. */
export function insteadOfConnection(given: unknown): string {
  const said = `The connection is ${givenAs(given)}: expected the connection that connect() resolves with`
  if (isThenable(given)) return `${said}. Await it: \`await connect(…)\``
  if (madeOf(given) !== 'connection') return `${said}, as the first argument`
  return (
    `${said}. It comes from another copy of leveret, because two versions are installed: import connect() and the roles from the same copy ` +
    '(`npm ls leveret` shows them)'
  )
}

/** Whether the value is a class. A class fails every call without `new`. */
export function isClass(value: unknown): boolean {
  return typeof value === 'function' && /^class\b/.test(String(value))
}
