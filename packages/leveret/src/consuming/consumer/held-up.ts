/** The least number of deliveries at which {@link HeldUp} is full. A larger prefetch raises it. */
const MAX_HELD_UP = 1_000

/**
 * Counts deliveries that were handled and cannot be settled, because their copy is refused or can never be stored. They
 * stay unacknowledged, and each uses one place of the prefetch. So a new consumer is needed before they use all of it.
 */
export class HeldUp {
  readonly #prefetch: number
  readonly #canRenew: boolean
  /** The deliveries that may be settled later. */
  readonly #waiting = new Set<object>()
  count = 0
  /** How many of them were delivered to former consumers, and so do not use the prefetch of the current one. */
  #passed = 0

  /** @param canRenew - whether a new consumer may replace the current one */
  constructor(prefetch: number, canRenew: boolean) {
    this.#prefetch = prefetch
    this.#canRenew = canRenew
  }

  /** Whether no delivery can come until one of these is settled. */
  get isFull(): boolean {
    return this.count >= (this.#canRenew ? Math.max(MAX_HELD_UP, this.#prefetch) : this.#prefetch)
  }

  /**
   * Adds a delivery.
   *
   * @param places - how many deliveries the consumer may hold now
   * @param delivery - a delivery that may be settled later; without it, the delivery is held up until the channel ends
   * @returns what is needed so that other deliveries can be handled
   */
  add(places: number, delivery?: object): 'a new consumer' | 'room' | undefined {
    const wasFull = this.isFull
    if (delivery === undefined || !this.#waiting.has(delivery)) this.count += 1
    if (delivery !== undefined) this.#waiting.add(delivery)
    if (this.isFull) return wasFull ? undefined : 'room'
    if (!this.#canRenew || this.count - this.#passed < places / 2) return undefined
    this.#passed = this.count
    return 'a new consumer'
  }

  /** Removes a delivery that has been settled. */
  remove(delivery: object): void {
    if (!this.#waiting.delete(delivery)) return
    this.count -= 1
    this.#passed = Math.min(this.#passed, this.count)
  }

  /** Removes all, because their channel has ended. */
  clear(): void {
    this.#waiting.clear()
    this.count = 0
    this.#passed = 0
  }
}
