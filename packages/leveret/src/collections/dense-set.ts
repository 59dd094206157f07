/**
 * A set, in no order, that keeps nothing alive but what is in it.
 *
 * A `Set` does: when it outgrows its table, or has deleted enough, V8 makes a new one, and the old one with all that it held then stays
 * until the next collection of the old space. Where each message is in a set for a while, that is most of them.
 *
 * @see https://v8.dev/blog/trash-talk
 */
export class DenseSet<T extends DenseItem> {
  readonly #items: T[] = []

  get size(): number {
    return this.#items.length
  }

  has(item: T): boolean {
    return item.bagged !== undefined && this.#items[item.bagged] === item
  }

  add(item: T): void {
    if (this.has(item)) return
    item.bagged = this.#items.length
    this.#items.push(item)
  }

  /** @returns whether it was there */
  delete(item: T): boolean {
    const { bagged } = item
    if (bagged === undefined || !this.has(item)) return false
    const last = this.#items.pop() as T
    if (last !== item) {
      this.#items[bagged] = last
      last.bagged = bagged
    }
    item.bagged = undefined
    return true
  }

  /** What is added meanwhile is left out, and so is what is deleted before its turn. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (const item of [...this.#items]) if (this.has(item)) yield item
  }
}

/** What can be in a {@link DenseSet}, in one at a time. */
export interface DenseItem {
  /** For the bag alone: its place there. */
  bagged?: number | undefined
}
