/** What one process does with the dead letters of one queue. */
export interface Task {
  readonly url: string
  readonly kind: 'by hand' | 'replay' | 'replay of a tenth' | 'peek of one'
  readonly letters: number
}

/** What it cost. */
export interface Cost {
  readonly seconds: number
  readonly cpuSeconds: number
  /** By how much the process grew, at most. */
  readonly grownBytes: number
}
