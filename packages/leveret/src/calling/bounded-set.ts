/** What was seen lately: the newest so many, at a constant cost each. */
export class BoundedSet<T> {
  readonly #limit: number
  #recent = new Set<T>()
  #older = new Set<T>()

  /** @param limit - this many at least, and at most twice as many */
  constructor(limit: number) {
    this.#limit = limit
  }

  add(value: T): void {
    if (this.#recent.size >= this.#limit) {
      this.#older = this.#recent
      this.#recent = new Set()
    }
    this.#recent.add(value)
  }

  has(value: T): boolean {
    return this.#recent.has(value) || this.#older.has(value)
  }
}
