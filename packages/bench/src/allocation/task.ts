/** What one process does. */
export interface Task {
  readonly url: string
  /** `waiting`: all messages are given to `send` at once, and each waits for the others. */
  readonly kind: 'publish' | 'deliver' | 'waiting'
  readonly messages: number
}
