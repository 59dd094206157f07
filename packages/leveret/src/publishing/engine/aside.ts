import type { Publication } from './publication.js'

/**
 * Messages that wait because their id is already in flight. The broker returns a message by its id only, so two of one
 * id could not be distinguished. Each follows when the one before it has its answer.
 */
export class Aside {
  /** How many ids have messages that wait. */
  size = 0
  readonly #waiting = new Map<string, Publication[]>()

  add(publication: Publication): void {
    const { messageId } = publication.message.properties
    this.#waiting.set(messageId, [...(this.#waiting.get(messageId) ?? []), publication])
    this.size = this.#waiting.size
  }

  /** Takes out the first message that waited for the id of this one. */
  after({ message }: Publication): Publication | undefined {
    const { messageId } = message.properties
    const [next, ...others] = this.#waiting.get(messageId) ?? []
    if (others.length > 0) this.#waiting.set(messageId, others)
    else this.#waiting.delete(messageId)
    this.size = this.#waiting.size
    return next
  }

  has(messageId: string): boolean {
    return this.#waiting.has(messageId)
  }

  /** Drops messages that have settled. */
  compact(): void {
    for (const [id, publications] of this.#waiting) {
      const left = publications.filter(({ isSettled }) => !isSettled)
      if (left.length > 0) this.#waiting.set(id, left)
      else this.#waiting.delete(id)
    }
    this.size = this.#waiting.size
  }

  drain(): Publication[] {
    const all = [...this]
    this.#waiting.clear()
    this.size = 0
    return all
  }

  *[Symbol.iterator](): IterableIterator<Publication> {
    for (const publications of this.#waiting.values()) yield* publications
  }
}
