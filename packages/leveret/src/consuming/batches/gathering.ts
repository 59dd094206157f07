import type { Slots } from '../handling/slots.js'

/** Gathers deliveries into batches, in the order in which they arrive. Each batch takes one slot. */
export class Gathering<T> {
  readonly #slots: Slots
  readonly #bounds: BatchBounds
  readonly #make: (size: number) => T
  /** The batch that still takes deliveries. */
  #open: Batch<T> | undefined

  /** @param make - makes the value that the deliveries of one batch share, when the batch has its slot */
  constructor(slots: Slots, bounds: BatchBounds, make: (size: number) => T) {
    this.#slots = slots
    this.#bounds = bounds
    this.#make = make
    slots.onGiveBack(() => this.complete(false))
  }

  /**
   * Adds a delivery to the open batch. Resolves with the value of that batch; `undefined` when the delivery goes back
   * to its queue.
   */
  async join(): Promise<T | undefined> {
    if (this.#slots.isClosed) return undefined
    this.#open ??= this.#begin()
    const batch = this.#open
    batch.size += 1
    if (batch.size === this.#bounds.size) this.complete(true)
    return await batch.made
  }

  /** Closes the open batch to further deliveries. @param begins - `false` when the batch goes back to its queue */
  complete(begins: boolean): void {
    const batch = this.#open
    this.#open = undefined
    batch?.complete(begins)
  }

  #begin(): Batch<T> {
    let isComplete = false
    let complete: Batch<T>['complete'] = () => undefined
    const made = new Promise<T | undefined>((resolve) => {
      complete = (begins) => {
        clearTimeout(timer)
        if (!isComplete) resolve(this.#enter(batch, begins))
        isComplete = true
      }
    })
    const timer = setTimeout(() => complete(true), this.#bounds.waitMs)
    const batch: Batch<T> = { size: 0, made, complete: (begins) => complete(begins) }
    return batch
  }

  async #enter(batch: Batch<T>, begins: boolean): Promise<T | undefined> {
    // While it waits for a free slot, the batch still takes deliveries.
    const entered = begins && (await this.#slots.enter())
    if (this.#open === batch) this.#open = undefined
    return entered ? this.#make(batch.size) : undefined
  }
}

/** The limits of a batch. */
export interface BatchBounds {
  /** The most deliveries in a batch. */
  readonly size: number
  /** How long a batch waits for more deliveries, from its first one on. */
  readonly waitMs: number
}

interface Batch<T> {
  size: number
  /** Resolves when the batch has a slot; with `undefined` when it goes back to its queue. */
  readonly made: Promise<T | undefined>
  /** Ends the wait for more deliveries. @param begins - `false` when the batch goes back to its queue */
  complete(begins: boolean): void
}
