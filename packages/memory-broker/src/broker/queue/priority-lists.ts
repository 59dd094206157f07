import type { QueueItem } from '../message/delivery.js'
import { ItemList } from './item-list.js'

/** Holds items by priority, and within a priority in their order. */
export class PriorityLists {
  /** The lists, the highest priority first. */
  readonly #lists: ItemList[]
  readonly #highest: number

  /** @param highest - the highest priority; higher numbers count as this one */
  constructor(highest: number) {
    this.#highest = highest
    this.#lists = Array.from({ length: highest + 1 }, () => new ItemList())
  }

  get length(): number {
    return this.#lists.reduce((sum, { length }) => sum + length, 0)
  }

  get bytes(): number {
    return this.#lists.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Returns the next item: the first one of the highest priority. */
  first(): QueueItem | undefined {
    return this.#filled()?.first()
  }

  shift(): QueueItem | undefined {
    return this.#filled()?.shift()
  }

  push(item: QueueItem): void {
    this.listOf(item.priority).push(item)
  }

  insert(item: QueueItem): void {
    this.listOf(item.priority).insert(item)
  }

  /** Returns the list of a priority. */
  listOf(priority: number): ItemList {
    const index = this.#highest - Math.min(Math.max(priority, 0), this.#highest)
    const list = this.#lists[index]
    if (list === undefined) throw new RangeError(`there is no priority ${priority}`)
    return list
  }

  /** Returns the lists that are not empty, the highest priority first. */
  filled(): ItemList[] {
    return this.#lists.filter(({ length }) => length > 0)
  }

  clear(): QueueItem[] {
    return this.#lists.flatMap((list) => list.clear())
  }

  items(): QueueItem[] {
    return this.#lists.flatMap((list) => list.items())
  }

  #filled(): ItemList | undefined {
    return this.#lists.find(({ length }) => length > 0)
  }
}
