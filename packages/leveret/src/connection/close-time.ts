import { atMost } from '../async/timing.js'

/** The time of a close. A later call may bring its end forward, and never moves it back. */
export class CloseTime {
  #endsAt: number
  /** Ends the waits for the former end. */
  #shortened = new AbortController()

  constructor(timeoutMs: number) {
    this.#endsAt = performance.now() + timeoutMs
  }

  get leftMs(): number {
    return Math.max(this.#endsAt - performance.now(), 0)
  }

  shorten(timeoutMs: number): void {
    const endsAt = performance.now() + timeoutMs
    if (endsAt >= this.#endsAt) return
    this.#endsAt = endsAt
    this.#shortened.abort()
    this.#shortened = new AbortController()
  }

  /**
   * Waits until work has settled, or the time is up. Never rejects.
   *
   * @param begin - begins the work, or joins it: it is called again when the time has become shorter
   * @param options.spareMs - how much of the time is left for later steps
   * @param options.leastMs - how long the work has when the time is already up
   * @param options.mostMs - how long the work has when there is more time
   */
  async until(
    begin: () => Promise<unknown>,
    { spareMs = 0, leastMs = 0, mostMs = Number.POSITIVE_INFINITY } = {},
  ): Promise<void> {
    let isOver = false
    while (!isOver) {
      const { signal } = this.#shortened
      const shorter = new Promise<false>((resolve) => {
        signal.addEventListener('abort', () => resolve(false), { once: true })
      })
      const ended = atMost(Math.min(Math.max(this.leftMs - spareMs, leastMs), mostMs), begin()).then(() => true)
      isOver = await Promise.race([ended, shorter])
    }
  }
}
