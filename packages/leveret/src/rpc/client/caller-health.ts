/** How a caller is doing. */
export interface CallerHealth {
  /** `undefined`: nothing was called yet. */
  readonly attached: boolean | undefined
  /** Calls that have not settled. */
  readonly inFlight: number
  /** Replies that came when nobody waited for them any more. */
  readonly late: number
  /** Replies to nothing that was asked here. */
  readonly unknown: number
  readonly lastReplyAt: Date | undefined
  readonly why: string | undefined
}
