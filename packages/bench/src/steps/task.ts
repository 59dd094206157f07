/** Task of one process. */
export interface Task {
  readonly url: string
  /**
   * Kind of work. `send`: one confirmed send after the other. `deliver`: deliveries to an asynchronous handler, each
   * acknowledged.
   */
  readonly kind: 'send' | 'deliver'
  readonly messages: number
}
