import type { Pauses } from '../handling/pauses.js'
import type { Slots } from '../handling/slots.js'

/**
 * The handler calls for one batch, until each of its deliveries is done. The batch keeps its slot during all of them.
 */
export class Rounds<Call> {
  /** The first call, for all deliveries of the batch. */
  readonly first: Call
  readonly #options: RoundsOptions<Call>
  /** How many deliveries are not done. */
  #left: number
  /** The deliveries that have failed and wait for the others. */
  #failed: ((call: Call | undefined) => void)[] = []
  #pauseMs = 0

  constructor(options: RoundsOptions<Call>) {
    this.#options = options
    this.#left = options.size
    this.first = options.makeCall(options.size)
  }

  /** Removes a delivery that is done, or that goes back to its queue. */
  leave(): void {
    this.#left -= 1
    this.#check()
  }

  /**
   * Registers a failed delivery. Resolves with the call for all deliveries that failed in this round, after the longest
   * of their delays; with `undefined` when the delivery goes back to its queue.
   */
  async again(afterMs: number): Promise<Call | undefined> {
    this.#pauseMs = Math.max(this.#pauseMs, afterMs)
    const next = new Promise<Call | undefined>((resolve) => this.#failed.push(resolve))
    this.#check()
    return await next
  }

  #check(): void {
    if (this.#left === 0) this.#options.slots.leave()
    else if (this.#failed.length === this.#left) void this.#begin(this.#failed, this.#pauseMs)
  }

  async #begin(failed: ((call: Call | undefined) => void)[], pauseMs: number): Promise<void> {
    const { slots, pauses, makeCall } = this.#options
    this.#failed = []
    this.#pauseMs = 0
    const call = (await pauses.over(pauseMs)) ? makeCall(failed.length) : undefined
    if (call === undefined) slots.leave()
    for (const resolve of failed) resolve(call)
  }
}

/** Options of {@link Rounds}. */
export interface RoundsOptions<Call> {
  readonly slots: Slots
  readonly pauses: Pauses
  /** How many deliveries the batch has. */
  readonly size: number
  /** Makes the handler call for `size` deliveries. */
  makeCall(size: number): Call
}
