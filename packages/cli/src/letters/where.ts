import { InvalidArgumentError } from 'commander'
import { isSame } from '../contracts/schema/json-schema.js'

/** A condition: a path, an operator and a JSON value. It is not JavaScript, and no code is run. */
export interface Where {
  readonly path: readonly string[]
  readonly operator: Operator
  readonly value: unknown
}

type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=' | '~'

/** Reads a condition such as `payload.account == "ann"`. A value that is not JSON is taken as text. */
export function parseWhere(text: string): Where {
  const [, path, operator, written] = /^\s*([^\s=!<>~]+)\s*(==|!=|<=|>=|<|>|~)\s*(.+?)\s*$/s.exec(text) ?? []
  if (path === undefined || written === undefined) {
    throw new InvalidArgumentError(
      `expected a path, an operator (== != < <= > >= ~) and a JSON value, such as 'payload.account == "ann"'`,
    )
  }
  return { path: path.split('.'), operator: operator as Operator, value: jsonOrText(written) }
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Whether a condition holds for a value. A missing value equals nothing, so `!=` holds for it. */
export function holds({ path, operator, value }: Where, subject: unknown): boolean {
  const found = valueAt(subject, path)
  switch (operator) {
    case '==':
      return isSame(found, value)
    case '!=':
      return !isSame(found, value)
    case '~':
      return found !== undefined && (typeof found === 'string' ? found : JSON.stringify(found)).includes(String(value))
    default:
      return isOrdered(found, value) && compares(operator, found as number, value as number)
  }
}

function compares(operator: '<' | '<=' | '>' | '>=', found: number, value: number): boolean {
  if (operator === '<') return found < value
  if (operator === '<=') return found <= value
  return operator === '>' ? found > value : found >= value
}

/** Whether two values have an order: two numbers, or two texts. Times are ISO texts, whose order is that of time. */
function isOrdered(found: unknown, value: unknown): boolean {
  return typeof found === typeof value && (typeof found === 'number' || typeof found === 'string')
}

/** Returns the value at a path; `undefined` if there is none. Inherited properties do not count. */
export function valueAt(subject: unknown, path: readonly (string | number)[]): unknown {
  let current = subject
  for (const part of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, part)) return undefined
    current = (current as Record<string | number, unknown>)[part]
  }
  return current
}
