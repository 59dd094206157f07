/** One problem of a refused payload or of refused options: its place and a description. It never holds a value. */
export interface Issue {
  /** Path into the value, for example `['order', 'lines', 0]`. Empty for the value itself. */
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** Describes an issue in one line: `at order.id: expected string`, or `expected string` for the value itself. */
export function describeIssue({ path, message }: Issue): string {
  return path.length === 0 ? message : `at ${path.join('.')}: ${message}`
}
