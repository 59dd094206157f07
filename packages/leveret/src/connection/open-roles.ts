import { merged, type RoleHealth } from './health.js'
import type { OpenRole } from './open-role.js'

/** How many open senders of one contract suggest that the program creates one for each call and closes none. */
const CROWD = 100

/** The open roles and engines of one connection. */
export class OpenRoles {
  readonly #all = new Set<OpenRole>()
  /** How many senders of each contract are open. */
  readonly #senders = new Map<string, number>()
  readonly #crowded: (message: string) => void
  #hasWarned = false

  /** @param crowded - receives the warning about senders that are created for each call, once */
  constructor(crowded: (message: string) => void) {
    this.#crowded = crowded
  }

  /** Adds a role. @returns a function that removes it again */
  add(role: OpenRole): () => void {
    this.#all.add(role)
    this.#count(role, 1)
    return () => {
      if (this.#all.delete(role)) this.#count(role, -1)
    }
  }

  /** Returns the roles that close in this stage. */
  of(stage: OpenRole['stage']): readonly OpenRole[] {
    return [...this.#all].filter((role) => role.stage === stage)
  }

  /** Resolves when all handlers have ended, except those that wait for a `close`. */
  async othersEnded(): Promise<void> {
    await Promise.all([...this.#all].map(async (role) => await role.othersEnded?.()))
  }

  /** Returns the health of each role; senders of one contract share one entry. */
  health(): readonly RoleHealth[] {
    return merged([...this.#all].flatMap((role) => role.health?.() ?? []))
  }

  #count({ sender }: OpenRole, change: 1 | -1): void {
    if (sender === undefined) return
    const open = (this.#senders.get(sender) ?? 0) + change
    if (open === 0) this.#senders.delete(sender)
    else this.#senders.set(sender, open)
    if (open < CROWD || this.#hasWarned) return
    this.#hasWarned = true
    this.#crowded(
      `${open} open roles on one connection are each a ${sender}. The program seems to create one for each call. Each role ` +
        'stays open until it is closed: create one when the program starts and use it for all calls, or close() each after use.',
    )
  }
}
