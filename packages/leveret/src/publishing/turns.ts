import { Fifo } from '../collections/fifo.js'

/** What waits of one sender, in its order. For one {@link Turns} only. */
export class Line {
  readonly items = new Fifo<unknown>()
  /** Whether it is among those that take turns. */
  hasTurn = false
}

/**
 * The order in which senders that share a channel come to write: one message of each line, then one of the next. So nobody waits for
 * what somebody else has waiting behind his first, and each sender's messages keep their order.
 */
export class Turns<T> {
  readonly #lines = new Fifo<Line>()

  push(line: Line, item: T): void {
    line.items.push(item)
    this.#join(line)
  }

  /** In front of what waits in its line. */
  unshift(line: Line, item: T): void {
    line.items.unshift(item)
    this.#join(line)
  }

  /** Whose turn it is. */
  peek(): T | undefined {
    return this.#lines.peek()?.items.peek() as T | undefined
  }

  /** Takes it out; the next line has its turn. */
  shift(): void {
    const line = this.#lines.peek()
    if (line === undefined) return
    line.items.shift()
    this.#lines.shift()
    line.hasTurn = false
    if (line.items.peek() !== undefined) this.#join(line)
  }

  /** Takes out all of them. Those of one line stay in their order. */
  drain(): T[] {
    const all: T[] = []
    for (const line of this.#lines.drain()) {
      line.hasTurn = false
      for (const item of line.items.drain()) all.push(item as T)
    }
    return all
  }

  /** Keeps only these. */
  retain(wanted: (item: T) => boolean): void {
    for (const line of this.#lines.drain()) {
      line.items.retain((item) => wanted(item as T))
      line.hasTurn = false
      if (line.items.peek() !== undefined) this.#join(line)
    }
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (const line of this.#lines) yield* line.items as Fifo<T>
  }

  #join(line: Line): void {
    if (line.hasTurn) return
    line.hasTurn = true
    this.#lines.push(line)
  }
}
