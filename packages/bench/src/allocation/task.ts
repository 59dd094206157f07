/** Task of one process. */
export interface Task {
  readonly url: string
  /**
   * Kind of work. `handle`: deliveries to an asynchronous handler, while the handler of `deliver` is synchronous.
   * `waiting`: all messages are passed to `send` at once, and each waits for the others.
   */
  readonly kind: 'publish' | 'deliver' | 'handle' | 'call' | 'waiting'
  readonly messages: number
}
