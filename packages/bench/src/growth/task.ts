/** What one process does, and how much of it. */
export interface Task {
  readonly url: string
  readonly kind: 'publish and consume' | 'sendAll' | 'sends that nobody awaits' | 'roles'
  readonly count: number
}

/** What it came to. */
export interface Growth {
  readonly seconds: number
  readonly cpuSeconds: number
  /** By how much the process grew, at most. */
  readonly grownBytes: number
  /** By how much more of the heap is in use at the end than at the beginning, when all garbage is collected. */
  readonly keptBytes: number
  /** Of sends: what was refused because too many waited. */
  readonly refused: number
}
