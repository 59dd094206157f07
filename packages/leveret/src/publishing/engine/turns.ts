import { Fifo } from '../../collections/fifo.js'

/** Waiting messages of one sender, in its order. A line belongs to one {@link Turns} only. */
export class SenderLine {
  readonly items = new Fifo<unknown>()
  /** Whether the line is among those that take turns. */
  hasTurn = false
}

/**
 * Gives the senders that share a channel their turns: one message of each line, then one of the next. So no sender
 * waits for all that another has waiting, and each sender's messages keep their order.
 */
export class Turns<T> {
  /** How many items wait. */
  size = 0
  readonly #lines = new Fifo<SenderLine>()

  push(line: SenderLine, item: T): void {
    this.size += 1
    line.items.push(item)
    this.#join(line)
  }

  /** Adds an item in front of its line. */
  unshift(line: SenderLine, item: T): void {
    this.size += 1
    line.items.unshift(item)
    this.#join(line)
  }

  /** Returns the item whose turn it is. */
  peek(): T | undefined {
    return this.#lines.peek()?.items.peek() as T | undefined
  }

  /** Takes the item out, and gives the turn to the next line. */
  shift(): void {
    const line = this.#lines.peek()
    if (line === undefined) return
    this.size -= 1
    line.items.shift()
    this.#lines.shift()
    line.hasTurn = false
    if (line.items.size > 0) this.#join(line)
  }

  /** Removes and returns all items. Items of one line keep their order. */
  drain(): T[] {
    const all: T[] = []
    this.size = 0
    for (const line of this.#lines.drain()) {
      line.hasTurn = false
      for (const item of line.items.drain()) all.push(item as T)
    }
    return all
  }

  /** Keeps only the items that `wanted` accepts. */
  retain(wanted: (item: T) => boolean): void {
    this.size = 0
    for (const line of this.#lines.drain()) {
      line.items.retain((item) => wanted(item as T))
      this.size += line.items.size
      line.hasTurn = false
      if (line.items.size > 0) this.#join(line)
    }
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (const line of this.#lines) yield* line.items as Fifo<T>
  }

  #join(line: SenderLine): void {
    if (line.hasTurn) return
    line.hasTurn = true
    this.#lines.push(line)
  }
}
