import type { QueueItem } from '../message/delivery.js'

/** The number of emptied places from which the array is compacted. */
const COMPACT_FROM = 1024

/** Holds items in the order of their sequence. Taking the first and adding a last one cost the same at any length. */
export class ItemList {
  #items: (QueueItem | undefined)[] = []
  #from = 0
  bytes = 0

  get length(): number {
    return this.#items.length - this.#from
  }

  first(): QueueItem | undefined {
    return this.#items[this.#from]
  }

  shift(): QueueItem | undefined {
    const item = this.#items[this.#from]
    if (item === undefined) return undefined
    this.#items[this.#from] = undefined
    this.#from += 1
    this.bytes -= item.bytes
    if (this.#from >= COMPACT_FROM && this.#from * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#from)
      this.#from = 0
    }
    return item
  }

  push(item: QueueItem): void {
    this.#items.push(item)
    this.bytes += item.bytes
  }

  /** Puts an item back in the place of its sequence number. */
  insert(item: QueueItem): void {
    this.bytes += item.bytes
    const index = this.#placeOf(item.sequence)
    if (index === this.#from && this.#from > 0) {
      this.#from -= 1
      this.#items[this.#from] = item
    } else this.#items.splice(index, 0, item)
  }

  clear(): QueueItem[] {
    const items = this.items()
    this.#items = []
    this.#from = 0
    this.bytes = 0
    return items
  }

  items(): QueueItem[] {
    return this.#items.slice(this.#from).filter((item) => item !== undefined)
  }

  #placeOf(sequence: number): number {
    let low = this.#from
    let high = this.#items.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#items[middle]?.sequence ?? 0) < sequence) low = middle + 1
      else high = middle
    }
    return low
  }
}
