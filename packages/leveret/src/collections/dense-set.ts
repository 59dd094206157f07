/**
 * An unordered set that keeps no removed item alive.
 *
 * A `Set` does keep removed items alive. When it outgrows its table, or after enough deletions, V8 makes a new table.
 * The old one, with all that it held, stays until the next collection of the old space. If each message is in a set for
 * a while, that is most messages.
 *
 * @see https://v8.dev/blog/trash-talk
 */
export class DenseSet<T extends DenseItem> {
  readonly #items: T[] = []

  get size(): number {
    return this.#items.length
  }

  has(item: T): boolean {
    return item.setIndex !== undefined && this.#items[item.setIndex] === item
  }

  add(item: T): void {
    if (item.setIndex !== undefined && this.#items[item.setIndex] === item) return
    item.setIndex = this.#items.length
    this.#items.push(item)
  }

  /** @returns whether the item was in the set */
  delete(item: T): boolean {
    const { setIndex } = item
    if (setIndex === undefined || this.#items[setIndex] !== item) return false
    const last = this.#items.pop() as T
    if (last !== item) {
      this.#items[setIndex] = last
      last.setIndex = setIndex
    }
    item.setIndex = undefined
    return true
  }

  /**
   * Iterates over the items of this moment. It leaves out items that are added meanwhile, or deleted before their turn.
   */
  *[Symbol.iterator](): IterableIterator<T> {
    for (const item of [...this.#items]) if (this.has(item)) yield item
  }
}

/** An item of a {@link DenseSet}. It can be in one set at a time, because it stores its own position. */
export interface DenseItem {
  /** Position in the set. Only {@link DenseSet} reads and writes it. */
  setIndex?: number | undefined
}
