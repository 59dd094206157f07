/** Counts events up to a given number. */
export class Tally {
  /** Resolves with the last event. */
  readonly done: Promise<void>
  #left: number
  #finish: () => void = () => undefined

  constructor(count: number) {
    this.#left = count
    this.done = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  /** Counts one event. */
  count(): void {
    this.#left -= 1
    if (this.#left === 0) this.#finish()
  }
}
