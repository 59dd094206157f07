/** One line of a refused payload or of refused options: where, and what is wrong there. Never holds a value. */
export interface Issue {
  /** Path into the value, for example `['order', 'lines', 0]`. Empty for the value itself. */
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** `at order.id: expected string`, and just `expected string` for the value itself. */
export function describeIssue({ path, message }: Issue): string {
  return path.length === 0 ? message : `at ${path.join('.')}: ${message}`
}
