import type { RoleHealth } from './health.js'

/** Order of closing: consumers, then senders, then the engine that both publish through. */
export const closingOrder = ['consumer', 'producer', 'engine'] as const

/** A role or engine that lives on a connection and ends before it. */
export interface OpenRole {
  readonly stage: (typeof closingOrder)[number]
  /**
   * Description of a sender, such as `producer of 'emails'`, for the warning about too many of them. One sender serves
   * any number of calls.
   */
  readonly sender?: string
  /** Closes the role. Never rejects. */
  close(timeoutMs: number): Promise<void>
  /** Resolves when all its handlers have ended, except those that wait for a `close`. */
  othersEnded?(): Promise<void>
  health?(): RoleHealth
}
