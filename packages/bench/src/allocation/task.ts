/** What one process does. */
export interface Task {
  readonly url: string
  /**
   * `handle`: deliveries to an asynchronous handler, where those of `deliver` have ended when they return. `waiting`: all messages are
   * given to `send` at once, and each waits for the others.
   */
  readonly kind: 'publish' | 'deliver' | 'handle' | 'call' | 'waiting'
  readonly messages: number
}
