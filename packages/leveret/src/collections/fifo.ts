/** Taken items leave empty places in front until there are this many, so that taking costs nothing. */
const COMPACT_AT = 1_024

/** A queue, first in and first out, at a constant cost per item. */
export class Fifo<T> {
  /** How many items are in the queue. */
  size = 0
  #items: (T | undefined)[] = []
  #head = 0

  push(item: T): void {
    this.size += 1
    this.#items.push(item)
  }

  peek(): T | undefined {
    return this.#items[this.#head]
  }

  /** Adds an item in front of all others. */
  unshift(item: T): void {
    this.size += 1
    if (this.#head === 0) this.#items.unshift(item)
    else {
      this.#head -= 1
      this.#items[this.#head] = item
    }
  }

  shift(): void {
    if (this.size === 0) return
    this.size -= 1
    // An item that was taken is not kept alive.
    this.#items[this.#head] = undefined
    this.#head += 1
    if (this.#head < COMPACT_AT || this.#head * 2 < this.#items.length) return
    this.#items = this.#items.slice(this.#head)
    this.#head = 0
  }

  /** Removes and returns all items. */
  drain(): T[] {
    const items = this.#items.slice(this.#head) as T[]
    this.#items = []
    this.#head = 0
    this.size = 0
    return items
  }

  /** Keeps only the items that `wanted` accepts. */
  retain(wanted: (item: T) => boolean): void {
    this.#items = (this.#items.slice(this.#head) as T[]).filter(wanted)
    this.#head = 0
    this.size = this.#items.length
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let index = this.#head; index < this.#items.length; index += 1) yield this.#items[index] as T
  }
}
