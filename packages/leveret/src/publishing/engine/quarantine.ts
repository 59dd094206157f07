import { inRootContext } from '../../async/root-context.js'
import type { Publication } from './publication.js'

const FIRST_MS = 250
const LONGEST_MS = 8_000

/**
 * Holds messages that the broker has denied although it took similar messages before: its metadata store may be down
 * for a while, so that it finds no rights and exchanges. They are sent again, after longer and longer waits. Other
 * messages are published meanwhile.
 */
export class Quarantine {
  readonly #release: (publications: readonly Publication[]) => void
  readonly #held = new Map<NodeJS.Timeout, readonly Publication[]>()

  /** @param release - receives the messages when their wait is over, in their order */
  constructor(release: (publications: readonly Publication[]) => void) {
    this.#release = release
  }

  keep(publications: readonly Publication[]): void {
    const denials = publications.reduce((most, publication) => Math.max(most, publication.denials), 0)
    const ms = Math.min(FIRST_MS * 2 ** denials, LONGEST_MS)
    const timer = inRootContext(() => setTimeout(() => this.#free(timer), ms))
    this.#held.set(timer, publications)
  }

  *[Symbol.iterator](): IterableIterator<Publication> {
    for (const publications of this.#held.values()) yield* publications
  }

  close(): void {
    for (const timer of this.#held.keys()) clearTimeout(timer)
    this.#held.clear()
  }

  #free(timer: NodeJS.Timeout): void {
    const publications = this.#held.get(timer) ?? []
    this.#held.delete(timer)
    this.#release(publications.filter(({ isSettled }) => !isSettled))
  }
}
