import { merged, type RoleHealth } from './health.js'
import type { OpenRole } from './open-role.js'

/** So many senders of one contract: one is made for each call, and none is closed. */
const CROWD = 100

/** The roles and engines of one connection. */
export class OpenRoles {
  readonly #all = new Set<OpenRole>()
  /** How many senders of each contract are open. */
  readonly #senders = new Map<string, number>()
  readonly #crowded: (message: string) => void
  #isTold = false

  /** @param crowded - gets the warning about senders that are made for each call, once */
  constructor(crowded: (message: string) => void) {
    this.#crowded = crowded
  }

  /** Adds one. @returns a function that takes it off again */
  add(role: OpenRole): () => void {
    this.#all.add(role)
    this.#count(role, 1)
    return () => {
      if (this.#all.delete(role)) this.#count(role, -1)
    }
  }

  /** Those that close in this stage. */
  of(stage: OpenRole['stage']): readonly OpenRole[] {
    return [...this.#all].filter((role) => role.stage === stage)
  }

  /** Resolves when all handlers have ended but those that wait for a `close`. */
  async othersEnded(): Promise<void> {
    await Promise.all([...this.#all].map(async (role) => await role.othersEnded?.()))
  }

  /** The health of each role; senders of one contract are one entry. */
  health(): readonly RoleHealth[] {
    return merged([...this.#all].flatMap((role) => role.health?.() ?? []))
  }

  #count({ sender }: OpenRole, change: 1 | -1): void {
    if (sender === undefined) return
    const open = (this.#senders.get(sender) ?? 0) + change
    if (open === 0) this.#senders.delete(sender)
    else this.#senders.set(sender, open)
    if (open < CROWD || this.#isTold) return
    this.#isTold = true
    this.#crowded(
      `${open} roles that do the same are open on one connection: each is a ${sender}. It seems that one is made for each call. Each ` +
        'stays until it is closed: make one when the program starts, and use it for all calls; or close() each when its work is done.',
    )
  }
}
