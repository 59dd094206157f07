import type { Attempt } from './attempt.js'
import type { Attempts, Task } from './attempts.js'
import type { BatchedDelivery } from './batched-delivery.js'
import { type BatchHandler, SharedCall } from './shared-call.js'
import type { Slots } from './slots.js'
import type { Verdict } from './verdict.js'

/** What may be in a batch. */
export interface BatchBounds {
  /** The most deliveries. */
  readonly size: number
  /** From its first delivery on, it waits so long for more. */
  readonly waitMs: number
}

/** What batches are made of. */
export interface BatchesOptions<Payload> {
  readonly slots: Slots
  /** Makes the attempt at one delivery. Its innermost call is {@link joining}. */
  readonly attempt: Attempt<Payload, BatchedDelivery<Payload>>
  readonly handler: BatchHandler<Payload>
  readonly bounds: BatchBounds
}

type BatchTask<Payload> = Task<Payload, BatchedDelivery<Payload>>

interface Batch<Payload> {
  readonly tasks: BatchTask<Payload>[]
  /** Resolves when no handler works on it any more, with whether it began. */
  readonly done: Promise<boolean>
  /** Call it when no more is to be waited for. @param begins - `false` when it is to be given back */
  complete(begins: boolean): void
}

/** Joins the call of the batch that a delivery is in. */
export async function joining<Payload>(payload: Payload, delivery: BatchedDelivery<Payload>): Promise<void> {
  await delivery.call?.join(payload, delivery)
}

/** Collects deliveries. Each batch takes one slot, for as long as an attempt at one of its deliveries goes on. */
export class Batches<Payload> implements Attempts<Payload, BatchedDelivery<Payload>> {
  readonly #options: BatchesOptions<Payload>
  /** The one that takes more. */
  #open: Batch<Payload> | undefined

  constructor(options: BatchesOptions<Payload>) {
    this.#options = options
    options.slots.onGiveBack(() => {
      this.#open?.complete(false)
      this.#open = undefined
    })
  }

  async make(task: BatchTask<Payload>): Promise<boolean> {
    const { slots, bounds } = this.#options
    if (slots.isClosed) return false
    this.#open ??= this.#begin()
    const batch = this.#open
    batch.tasks.push(task)
    if (batch.tasks.length === bounds.size) {
      this.#open = undefined
      batch.complete(true)
    }
    return (await batch.done) && task.delivery.call !== undefined
  }

  #begin(): Batch<Payload> {
    const tasks: BatchTask<Payload>[] = []
    let complete: Batch<Payload>['complete'] = () => undefined
    const completed = new Promise<boolean>((resolve) => {
      const timer = setTimeout(resolve, this.#options.bounds.waitMs, true)
      complete = (begins) => {
        clearTimeout(timer)
        resolve(begins)
      }
    })
    return { tasks, done: completed.then(async (begins) => begins && (await this.#run(tasks))), complete }
  }

  async #run(tasks: readonly BatchTask<Payload>[]): Promise<boolean> {
    const { slots, handler, attempt } = this.#options
    // While no slot is free, it still takes more.
    const begins = await slots.enter()
    if (this.#open?.tasks === tasks) this.#open = undefined
    if (!begins) return false
    // Those of a channel that was lost meanwhile are the broker's again.
    const live = tasks.filter(({ delivery }) => delivery.end === undefined)
    const call = new SharedCall<Payload, BatchedDelivery<Payload>>(handler, live.length)
    for (const { delivery } of live) delivery.call = call
    const attempts = live.map(async ({ payload, delivery }) => {
      const verdict = await attempt(payload, delivery)
      call.leave(delivery)
      return verdict
    })
    const ended = Promise.all(attempts).then(() => slots.leave())
    await Promise.all(live.map(async ({ conclude }, index) => await conclude((await attempts[index]) as Verdict)))
    await ended
    return true
  }
}
