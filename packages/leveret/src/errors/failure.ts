/** The error of a failed attempt, as it is reported and stored. */
export interface Failure {
  readonly name: string
  readonly message: string
  /**
   * Stack of the error. A dead letter keeps it only if the contract says so. In events it is not enumerable, so that a
   * log does not hold it by accident. A logger gets it with `err`.
   */
  readonly stack?: string
  /** The thrown value itself. It is not enumerable either. */
  readonly thrown?: unknown
}

/** Describes what a handler threw. That may be anything: an error, a string, nothing. */
export function describeFailure(thrown: unknown): Failure {
  if (thrown instanceof Error) return withStack({ name: textOf(thrown.name), message: textOf(thrown.message) }, thrown)
  const message = `the handler threw ${typeof thrown === 'string' ? thrown : typeof thrown}`
  return Object.defineProperty({ name: 'NonError', message }, 'thrown', { value: thrown })
}

/**
 * Guards against an error whose `name` or `message` is no string, as `Object.assign(new Error(), responseBody)` makes
 * it.
 */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : `a ${typeof value}`
}

/**
 * Adds the stack as a getter that is not enumerable. So it is computed only on demand, and logs and copies leave it
 * out.
 */
function withStack(failure: Failure, error: Error): Failure {
  return Object.defineProperties(failure, { stack: { get: () => readStack(error) }, thrown: { value: error } })
}

function readStack(error: Error): string | undefined {
  try {
    const { stack } = error
    return typeof stack === 'string' ? stack : undefined
  } catch {
    return undefined
  }
}
