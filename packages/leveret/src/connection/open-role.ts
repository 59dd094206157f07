import type { RoleHealth } from './health.js'

/** Closed in this order: what consumes, what publishes, and the engine that both publish through. */
export const closingOrder = ['consumer', 'producer', 'engine'] as const

/** Something that lives on a connection and ends before it. */
export interface OpenRole {
  readonly stage: (typeof closingOrder)[number]
  /** Of a role of which one is enough for any number of calls: what it is, for the warning about too many, such as `producer of 'emails'`. */
  readonly sender?: string
  /** Never rejects. */
  close(timeoutMs: number): Promise<void>
  /** Resolves when all its handlers have ended but those that wait for a `close`. */
  othersEnded?(): Promise<void>
  health?(): RoleHealth
}
