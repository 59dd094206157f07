import type { Attempts, Task } from './attempts.js'
import type { BatchAttempt } from './batch-attempt.js'
import type { Slots } from './slots.js'

/** What may be in a batch. */
export interface BatchBounds {
  /** The most deliveries. */
  readonly size: number
  /** From its first delivery on, it waits so long for more. */
  readonly waitMs: number
}

interface Batch<Payload> {
  readonly tasks: Task<Payload>[]
  /** Resolves when it has been concluded, with whether it began. */
  readonly done: Promise<boolean>
  /** Call it when no more is to be waited for. @param begins - `false` when it is to be given back */
  complete(begins: boolean): void
}

/** Collects deliveries. Each batch takes one slot, from its attempt to the settlement of its last delivery. */
export class Batches<Payload> implements Attempts<Payload> {
  readonly #slots: Slots
  readonly #attempt: BatchAttempt<Payload>
  readonly #bounds: BatchBounds
  /** The one that takes more. */
  #open: Batch<Payload> | undefined

  constructor(slots: Slots, attempt: BatchAttempt<Payload>, bounds: BatchBounds) {
    this.#slots = slots
    this.#attempt = attempt
    this.#bounds = bounds
    slots.onGiveBack(() => {
      this.#open?.complete(false)
      this.#open = undefined
    })
  }

  async make(task: Task<Payload>): Promise<boolean> {
    if (this.#slots.isClosed) return false
    this.#open ??= this.#begin()
    const batch = this.#open
    batch.tasks.push(task)
    if (batch.tasks.length === this.#bounds.size) {
      this.#open = undefined
      batch.complete(true)
    }
    return await batch.done
  }

  #begin(): Batch<Payload> {
    const tasks: Task<Payload>[] = []
    let complete: Batch<Payload>['complete'] = () => undefined
    const completed = new Promise<boolean>((resolve) => {
      const timer = setTimeout(resolve, this.#bounds.waitMs, true)
      complete = (begins) => {
        clearTimeout(timer)
        resolve(begins)
      }
    })
    return { tasks, done: completed.then(async (begins) => begins && (await this.#run(tasks))), complete }
  }

  async #run(tasks: readonly Task<Payload>[]): Promise<boolean> {
    // While no slot is free, it still takes more.
    const begins = await this.#slots.enter()
    if (this.#open?.tasks === tasks) this.#open = undefined
    if (!begins) return false
    try {
      // Those of a channel that was lost meanwhile are the broker's again.
      const [first, ...others] = tasks.filter(({ delivery }) => !delivery.life.signal.aborted)
      const verdicts = first === undefined ? [] : await this.#attempt.make([first, ...others])
      await Promise.all([...verdicts].map(async ([{ conclude }, verdict]) => await conclude(verdict)))
      return true
    } finally {
      this.#slots.leave()
    }
  }
}
