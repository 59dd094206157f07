/** Keeps count of the requests on a channel, and of the first publish, that the broker has not answered yet. */
export class Answers {
  readonly #asked = new Set<{ at: number }>()
  #publishedAt = Number.POSITIVE_INFINITY
  /** Whether the broker has confirmed any message on this channel. */
  hasConfirmed = false

  /** Settles as the answer does, and counts the request as open until then. */
  async of<T>(answer: Promise<T>): Promise<T> {
    const question = { at: performance.now() }
    this.#asked.add(question)
    try {
      return await answer
    } finally {
      this.#asked.delete(question)
    }
  }

  /** Restarts the waiting time of everything that has no answer yet. */
  begin(): void {
    const now = performance.now()
    for (const question of this.#asked) question.at = now
    if (this.#publishedAt !== Number.POSITIVE_INFINITY) this.#publishedAt = now
  }

  /** Records that a message was written. Needed until the first confirm only. */
  published(): void {
    this.#publishedAt = Math.min(this.#publishedAt, performance.now())
  }

  /** Records that the broker has confirmed a message (`basic.ack`). Needed for the first only. */
  confirmed(): void {
    this.hasConfirmed = true
    this.#publishedAt = Number.POSITIVE_INFINITY
  }

  /** How long, in milliseconds, the oldest request or the first message has had no answer. */
  get heldMs(): number {
    const [oldest] = this.#asked
    return Math.max(performance.now() - Math.min(oldest?.at ?? Number.POSITIVE_INFINITY, this.#publishedAt), 0)
  }
}
