/** The error of a failed attempt, as it is reported and kept. */
export interface Failure {
  readonly name: string
  readonly message: string
  /** Kept with the dead letter only where the contract says so. Not enumerable in events; a logger gets it with `err`. */
  readonly stack?: string
  /** What was thrown. Not enumerable either. */
  readonly thrown?: unknown
}

/** Handlers throw anything: an error, a string, nothing. */
export function describeFailure(thrown: unknown): Failure {
  if (thrown instanceof Error) return withStack({ name: textOf(thrown.name), message: textOf(thrown.message) }, thrown)
  const message = `the handler threw ${typeof thrown === 'string' ? thrown : typeof thrown}`
  return Object.defineProperty({ name: 'NonError', message }, 'thrown', { value: thrown })
}

/** The types say string; `Object.assign(new Error(), responseBody)` says otherwise. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : `a ${typeof value}`
}

/** Made only when it is asked for, and in no log or copy of the failure that did not ask. */
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
