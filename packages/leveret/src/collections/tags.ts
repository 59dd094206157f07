import { DenseMap } from './dense-map.js'

/** Items that await the broker's answer on one channel, by delivery tag. */
export class Tags<T> {
  readonly #items = new DenseMap<number, T>()

  get size(): number {
    return this.#items.size
  }

  /** Adds an item under its tag. Tags must grow from call to call. */
  add(tag: number, item: T): void {
    this.#items.set(tag, item)
  }

  /** Removes and returns the items that the broker has answered: one tag, or all tags up to it (`multiple`). */
  take(tag: number, multiple: boolean): T[] {
    const taken: T[] = []
    if (!multiple) this.#takeOne(tag, taken)
    else {
      for (const next of this.#items.keys()) {
        if (next > tag) break
        this.#takeOne(next, taken)
      }
    }
    return taken
  }

  /** Removes and returns everything, after the channel has ended. */
  drain(): T[] {
    return this.take(Number.POSITIVE_INFINITY, true)
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#items.values()
  }

  #takeOne(tag: number, taken: T[]): void {
    const item = this.#items.delete(tag)
    if (item !== undefined) taken.push(item)
  }
}
