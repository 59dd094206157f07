/** Options of {@link testDelivery}. */
export interface TestDeliveryOptions {
  /**
   * The number of this attempt, from 1: failed attempts before it, plus one. Leave it out for a request, an event of a
   * stream, and an event of an exchange without a queue: those have one attempt only. @defaultValue 1
   */
  readonly attempt?: number | undefined
  /** The message id. @defaultValue a new one */
  readonly messageId?: string | undefined
  /** The sender's headers. @defaultValue none */
  readonly headers?: Readonly<Record<string, unknown>> | undefined
}
