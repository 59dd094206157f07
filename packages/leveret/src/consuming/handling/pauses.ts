import type { Slots } from './slots.js'

/** Waits between attempts in place. A wait ends early when waiting deliveries are given back. */
export class Pauses {
  readonly #slots: Slots
  readonly #waiting = new Set<() => void>()

  constructor(slots: Slots) {
    this.#slots = slots
    slots.onGiveBack(() => {
      for (const giveUp of this.#waiting) giveUp()
    })
  }

  /**
   * Waits. @returns whether the next attempt may begin; while the worker is paused or its breaker open, this waits
   * longer
   */
  async over(ms: number): Promise<boolean> {
    return (await this.#pause(ms)) && (await this.#slots.again())
  }

  async #pause(ms: number): Promise<boolean> {
    if (this.#slots.isClosed) return false
    return await new Promise((resolve) => {
      const end = (isOver: boolean): void => {
        clearTimeout(timer)
        this.#waiting.delete(giveUp)
        resolve(isOver)
      }
      const giveUp = (): void => end(false)
      const timer = setTimeout(() => end(true), ms)
      this.#waiting.add(giveUp)
    })
  }
}
