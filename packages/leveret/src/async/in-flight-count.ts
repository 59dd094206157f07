import { partition } from '../collections/partition.js'

/** Work that has begun and not ended. */
export class InFlightCount {
  #count = 0
  #waiting: { readonly most: () => number; readonly resolve: () => void }[] = []

  get size(): number {
    return this.#count
  }

  /** Call when work begins … */
  begin(): void {
    this.#count += 1
  }

  /** … and when it has ended, however it did. */
  end(): void {
    this.#count -= 1
    this.check()
  }

  /** Looks again whether what somebody waits for is reached. Call it when that has changed. */
  check(): void {
    if (this.#waiting.length === 0) return
    const [reached, waiting] = partition(this.#waiting, ({ most }) => this.#count <= most())
    this.#waiting = waiting
    for (const { resolve } of reached) resolve()
  }

  /** Resolves as soon as there is none. */
  async whenEmpty(): Promise<void> {
    await this.whenAtMost(() => 0)
  }

  /** Resolves as soon as there is no more than this. */
  async whenAtMost(most: () => number): Promise<void> {
    if (this.#count > most()) await new Promise<void>((resolve) => this.#waiting.push({ most, resolve }))
  }
}
