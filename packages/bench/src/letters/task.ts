/** Task of one process, with the dead letters of one queue. */
export interface Task {
  readonly url: string
  readonly kind: 'by hand' | 'replay' | 'replay of a tenth' | 'peek of one'
  readonly letters: number
}

/** Cost of a task. */
export interface Cost {
  readonly seconds: number
  readonly cpuSeconds: number
  /** How many bytes the process grew, at most. */
  readonly grownBytes: number
}
