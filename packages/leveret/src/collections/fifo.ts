/** Taken items stay in front until there are this many, so that taking costs nothing. */
const COMPACT_AT = 1_024

/** First in, first out, at a constant cost per item. */
export class Fifo<T> {
  #items: (T | undefined)[] = []
  #head = 0

  push(item: T): void {
    this.#items.push(item)
  }

  peek(): T | undefined {
    return this.#items[this.#head]
  }

  /** In front of all others. */
  unshift(item: T): void {
    if (this.#head === 0) this.#items.unshift(item)
    else {
      this.#head -= 1
      this.#items[this.#head] = item
    }
  }

  shift(): void {
    if (this.#head === this.#items.length) return
    // Nor is it kept alive.
    this.#items[this.#head] = undefined
    this.#head += 1
    if (this.#head < COMPACT_AT || this.#head * 2 < this.#items.length) return
    this.#items = this.#items.slice(this.#head)
    this.#head = 0
  }

  /** Takes out all of them. */
  drain(): T[] {
    const items = this.#items.slice(this.#head) as T[]
    this.#items = []
    this.#head = 0
    return items
  }

  /** Keeps only these. */
  retain(wanted: (item: T) => boolean): void {
    this.#items = (this.#items.slice(this.#head) as T[]).filter(wanted)
    this.#head = 0
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let index = this.#head; index < this.#items.length; index += 1) yield this.#items[index] as T
  }
}
