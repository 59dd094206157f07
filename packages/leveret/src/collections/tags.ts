import { DenseMap } from './dense-map.js'

/** What awaits the broker's answer on one channel, by the tag under which it comes. */
export class Tags<T> {
  readonly #items = new DenseMap<number, T>()

  get size(): number {
    return this.#items.size
  }

  /** Tags only grow. */
  add(tag: number, item: T): void {
    this.#items.set(tag, item)
  }

  /** Takes out what the broker has answered for: one tag, or all up to it (`multiple`). */
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

  /** Takes out everything: the channel is gone. */
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
