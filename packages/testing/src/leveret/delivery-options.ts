/** How a delivery comes. */
export interface TestDeliveryOptions {
  /**
   * From 1: failed attempts before this one, plus one. A request, an event of a stream, and one that comes by its exchange alone have one attempt
   * only: for them it must be left out. @defaultValue 1
   */
  readonly attempt?: number | undefined
  /** @defaultValue a new one */
  readonly messageId?: string | undefined
  /** The sender's headers. @defaultValue none */
  readonly headers?: Readonly<Record<string, unknown>> | undefined
}
