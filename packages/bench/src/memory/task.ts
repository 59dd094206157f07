/** Task of one process: what it does on a broker in memory, and how many times. */
export interface Task {
  readonly kind: 'retry' | 'publish' | 'tests'
  readonly count: number
}

/** Results of a task: rows of figures, with their names. */
export type Findings = readonly (readonly [what: string, figure: string])[]
