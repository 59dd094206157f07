/** This many deliveries may be held up at least; more where the prefetch is more. */
const MAX_HELD_UP = 1_000

/**
 * Counts deliveries that are handled and cannot be settled: their copy is refused, or can never be stored. They stay unacknowledged,
 * each in one of the places that the prefetch allows, so a fresh consumer is needed before they have taken all of them.
 */
export class HeldUp {
  readonly #prefetch: number
  readonly #canRenew: boolean
  /** Those that may be settled some time. */
  readonly #waiting = new Set<object>()
  #stuck = 0
  /** How many of them are not in the places of the consumer that there is now. */
  #passed = 0

  /** @param canRenew - whether a fresh consumer may take the place of the one that there is */
  constructor(prefetch: number, canRenew: boolean) {
    this.#prefetch = prefetch
    this.#canRenew = canRenew
  }

  get count(): number {
    return this.#waiting.size + this.#stuck
  }

  /** Whether nothing more can come until one of them is settled. */
  get isFull(): boolean {
    return this.count >= (this.#canRenew ? Math.max(MAX_HELD_UP, this.#prefetch) : this.#prefetch)
  }

  /**
   * One more is held up.
   *
   * @param places - how many deliveries the consumer may hold now
   * @param delivery - one that may be settled some time; without it, it is held up for as long as the channel lives
   * @returns what is needed now, so that others can be handled
   */
  add(places: number, delivery?: object): 'a fresh consumer' | 'room' | undefined {
    const wasFull = this.isFull
    if (delivery === undefined) this.#stuck += 1
    else this.#waiting.add(delivery)
    if (this.isFull) return wasFull ? undefined : 'room'
    if (!this.#canRenew || this.count - this.#passed < places / 2) return undefined
    this.#passed = this.count
    return 'a fresh consumer'
  }

  /** A delivery has been settled. */
  remove(delivery: object): void {
    if (this.#waiting.delete(delivery)) this.#passed = Math.min(this.#passed, this.count)
  }

  /** The channel is gone, and all of them with it. */
  clear(): void {
    this.#waiting.clear()
    this.#stuck = 0
    this.#passed = 0
  }
}
