/**
 * What is known of the offsets of a stream: how far it was read, and how far all is done.
 *
 * Offsets rise and may skip some, because the broker keeps what is no message in the stream too. So it is the order in which they
 * came that says which is behind which.
 */
export class Offsets {
  #next: number
  #expected: number
  /** Those received and not done, oldest first, each with the offset to go on at when all before it are done. */
  readonly #inHand = new Map<number, number>()
  /** Failed attempts at what is not done. They outlive a lost channel, after which the same comes again. */
  readonly #failed = new Map<number, number>()

  /** @param next - the first one that is not done */
  constructor(next: number) {
    this.#next = next
    this.#expected = next
  }

  /** All before this one are done. Here a reader that knows nothing else goes on without missing any. */
  get next(): number {
    return this.#next
  }

  /** All before this one have been received. */
  get expected(): number {
    return this.#expected
  }

  /** @returns whether it has not been received before */
  receive(offset: number): boolean {
    if (offset < this.#expected) return false
    this.#inHand.set(offset, this.#expected)
    this.#expected = offset + 1
    return true
  }

  /** It is done, whatever came of it. */
  settle(offset: number): void {
    if (!this.#inHand.delete(offset)) return
    this.#failed.delete(offset)
    const [oldest = this.#expected] = this.#inHand.values()
    this.#next = oldest
  }

  /** An attempt at it has failed. */
  fail(offset: number): void {
    this.#failed.set(offset, this.failuresOf(offset) + 1)
  }

  /** How many attempts at it have failed. */
  failuresOf(offset: number): number {
    return this.#failed.get(offset) ?? 0
  }

  /** What was received and not done will come again, and so will what was done ahead of it. */
  restart(): void {
    this.#inHand.clear()
    this.#expected = this.#next
  }

  /** Those before this one exist no longer. Nothing is in hand. */
  skipTo(offset: number): void {
    this.#next = offset
    this.#expected = offset
  }
}
