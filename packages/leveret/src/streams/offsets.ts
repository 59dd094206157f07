/**
 * The offsets of a stream that were received, and those that are done.
 *
 * Offsets rise and may have gaps, because the broker's own entries have offsets too. So the order of arrival, and not
 * the number, decides which offset follows which.
 */
export class Offsets {
  #next: number
  #expected: number
  /**
   * Offsets received and not done, oldest first, with the offset to continue at when all before each of them are done.
   */
  readonly #inFlight = new Map<number, number>()
  /**
   * The failed attempts at messages that are not done. They are kept when the channel is lost, after which the messages
   * come again.
   */
  readonly #failed = new Map<number, number>()

  /** @param next - the first offset that is not done */
  constructor(next: number) {
    this.#next = next
    this.#expected = next
  }

  /** All offsets before this one are done. A new reader that continues here misses nothing. */
  get next(): number {
    return this.#next
  }

  /** All offsets before this one have been received. */
  get expected(): number {
    return this.#expected
  }

  /** Notes a message. @returns whether it is received for the first time */
  receive(offset: number): boolean {
    if (offset < this.#expected) return false
    this.#inFlight.set(offset, this.#expected)
    this.#expected = offset + 1
    return true
  }

  /** Marks an offset as done, with whatever result. */
  settle(offset: number): void {
    if (!this.#inFlight.delete(offset)) return
    this.#failed.delete(offset)
    const [oldest = this.#expected] = this.#inFlight.values()
    this.#next = oldest
  }

  /** Counts a failed attempt. */
  fail(offset: number): void {
    this.#failed.set(offset, this.failuresOf(offset) + 1)
  }

  /** How many attempts at this offset have failed. */
  failuresOf(offset: number): number {
    return this.#failed.get(offset) ?? 0
  }

  /** Starts again at {@link next}: messages that were not done come again, and so do those done ahead of them. */
  restart(): void {
    this.#inFlight.clear()
    this.#expected = this.#next
  }

  /** Continues at this offset, because those before it no longer exist. Called when no message is being handled. */
  skipTo(offset: number): void {
    this.#next = offset
    this.#expected = offset
  }
}
