/** Keeps count of what the other side of a channel still owes an answer to. */
export class Answers {
  readonly #asked = new Set<{ at: number }>()
  #publishedAt = Number.POSITIVE_INFINITY
  #hasConfirmed = false

  /** Settles as the answer does. */
  async of<T>(answer: Promise<T>): Promise<T> {
    const question = { at: performance.now() }
    this.#asked.add(question)
    try {
      return await answer
    } finally {
      this.#asked.delete(question)
    }
  }

  /** The time of what has no answer yet begins only now. */
  begin(): void {
    const now = performance.now()
    for (const question of this.#asked) question.at = now
    if (this.#publishedAt !== Number.POSITIVE_INFINITY) this.#publishedAt = now
  }

  /** Call when a message was written. */
  published(): void {
    if (!this.#hasConfirmed) this.#publishedAt = Math.min(this.#publishedAt, performance.now())
  }

  /** Call when the broker has accepted a message. */
  confirmed(): void {
    this.#hasConfirmed = true
    this.#publishedAt = Number.POSITIVE_INFINITY
  }

  /** Whether it has accepted any message yet. */
  get hasConfirmed(): boolean {
    return this.#hasConfirmed
  }

  /** For how many milliseconds the oldest question, or the first message, has had no answer. */
  get heldMs(): number {
    const [oldest] = this.#asked
    return Math.max(performance.now() - Math.min(oldest?.at ?? Number.POSITIVE_INFINITY, this.#publishedAt), 0)
  }
}
