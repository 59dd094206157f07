/** Task of one process, and its amount. */
export interface Task {
  readonly url: string
  readonly kind: 'publish and consume' | 'sendAll' | 'sends that are not awaited' | 'roles'
  readonly count: number
}

/** Results of a task. */
export interface Growth {
  readonly seconds: number
  readonly cpuSeconds: number
  /** How many bytes the process grew, at most. */
  readonly grownBytes: number
  /** How many more bytes of the heap are in use at the end than at the start, after garbage collections. */
  readonly keptBytes: number
  /** How many sends were refused because too many messages waited. */
  readonly refused: number
}
