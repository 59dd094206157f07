import type { Pauses } from '../handling/pauses.js'
import type { Slots } from '../handling/slots.js'

/** What {@link Rounds} need. */
export interface RoundsOptions<Call> {
  readonly slots: Slots
  readonly pauses: Pauses
  /** How many deliveries the batch has. */
  readonly size: number
  /** Makes the call that so many of them share. */
  makeCall(size: number): Call
}

/** The calls that are made for a batch until each of its deliveries is done. It holds its slot for so long. */
export class Rounds<Call> {
  /** The call for all of them. */
  readonly first: Call
  readonly #options: RoundsOptions<Call>
  /** How many are not done. */
  #left: number
  /** Those of them that have failed and wait for the others. */
  #failed: ((call: Call | undefined) => void)[] = []
  #pauseMs = 0

  constructor(options: RoundsOptions<Call>) {
    this.#options = options
    this.#left = options.size
    this.first = options.makeCall(options.size)
  }

  /** One is done, or is to be given back. */
  leave(): void {
    this.#left -= 1
    this.#check()
  }

  /**
   * One has failed. Resolves with the call for all that failed with it, when the longest of their delays is over; with nothing when it is to
   * be given back.
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
