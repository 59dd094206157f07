/** The health of a {@link Caller}. */
export interface CallerHealth {
  /** Whether its channel is open; `undefined` before the first call. */
  readonly attached: boolean | undefined
  /** How many calls have not settled. */
  readonly inFlight: number
  /** How many replies came after their call had ended. */
  readonly late: number
  /** How many replies came that belong to no call of this client. */
  readonly unknown: number
  readonly lastReplyAt: Date | undefined
  readonly why: string | undefined
}
