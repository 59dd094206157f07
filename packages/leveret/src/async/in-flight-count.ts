import { partition } from '../collections/partition.js'

/** Counts work that has begun and not ended. */
export class InFlightCount {
  /** How many pieces of work are in flight. */
  size = 0
  #waiting: { readonly most: () => number; readonly resolve: () => void }[] = []

  /** Counts a piece of work that begins … */
  begin(): void {
    this.size += 1
  }

  /** … and one that has ended, in success or failure. */
  end(): void {
    this.size -= 1
    if (this.#waiting.length > 0) this.check()
  }

  /** Resolves every wait whose condition now holds. Call it when a condition may have changed. */
  check(): void {
    if (this.#waiting.length === 0) return
    const [reached, waiting] = partition(this.#waiting, ({ most }) => this.size <= most())
    this.#waiting = waiting
    for (const { resolve } of reached) resolve()
  }

  /** Resolves as soon as no work is in flight. */
  async whenEmpty(): Promise<void> {
    await this.whenAtMost(() => 0)
  }

  /** Resolves as soon as at most this many pieces of work are in flight. */
  async whenAtMost(most: () => number): Promise<void> {
    if (this.size > most()) await new Promise<void>((resolve) => this.#waiting.push({ most, resolve }))
  }
}
