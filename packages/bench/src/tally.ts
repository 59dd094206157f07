/** Counts what happens, until it has happened so many times. */
export class Tally {
  /** Resolves with the last one. */
  readonly done: Promise<void>
  #left: number
  #finish: () => void = () => undefined

  constructor(count: number) {
    this.#left = count
    this.done = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  /** One of them. */
  count(): void {
    this.#left -= 1
    if (this.#left === 0) this.#finish()
  }
}
