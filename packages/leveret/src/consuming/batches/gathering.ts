import type { Slots } from '../handling/slots.js'

/** What may be in a batch. */
export interface BatchBounds {
  /** The most deliveries. */
  readonly size: number
  /** From its first delivery on, it waits so long for more. */
  readonly waitMs: number
}

interface Batch<T> {
  size: number
  /** Resolves when it has a slot, and with nothing when it is to be given back. */
  readonly made: Promise<T | undefined>
  /** No more is waited for. @param begins - `false` when it is to be given back */
  complete(begins: boolean): void
}

/** Gathers deliveries into batches, in the order in which they come. Each batch takes one slot. */
export class Gathering<T> {
  readonly #slots: Slots
  readonly #bounds: BatchBounds
  readonly #make: (size: number) => T
  /** The one that takes more. */
  #open: Batch<T> | undefined

  /** @param make - makes what a batch of so many deliveries has in common, when it has its slot */
  constructor(slots: Slots, bounds: BatchBounds, make: (size: number) => T) {
    this.#slots = slots
    this.#bounds = bounds
    this.#make = make
    slots.onGiveBack(() => this.complete(false))
  }

  /** Resolves with what was made for the batch that a delivery is in; `undefined` when it is to be given back. */
  async join(): Promise<T | undefined> {
    if (this.#slots.isClosed) return undefined
    this.#open ??= this.#begin()
    const batch = this.#open
    batch.size += 1
    if (batch.size === this.#bounds.size) this.complete(true)
    return await batch.made
  }

  /** The batch that is open takes no more. @param begins - `false` when it is to be given back */
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
    // While no slot is free, it still takes more.
    const entered = begins && (await this.#slots.enter())
    if (this.#open === batch) this.#open = undefined
    return entered ? this.#make(batch.size) : undefined
  }
}
