import type { Attempt } from './attempt.js'
import type { Attempts, Task } from './attempts.js'
import type { BatchedDelivery } from './batched-delivery.js'
import { type BatchHandler, SharedCall } from './shared-call.js'
import type { Slots } from './slots.js'

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
  readonly handlerTimeoutMs: number
  readonly bounds: BatchBounds
}

type BatchTask<Payload> = Task<Payload, BatchedDelivery<Payload>>
type Call<Payload> = SharedCall<Payload, BatchedDelivery<Payload>>

interface Batch<Payload> {
  size: number
  /** Resolves with its call when it has a slot, and with nothing when it is to be given back. */
  readonly begun: Promise<Call<Payload> | undefined>
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

  async make({ payload, delivery, conclude }: BatchTask<Payload>): Promise<boolean> {
    const { slots, bounds, attempt } = this.#options
    if (slots.isClosed) return false
    this.#open ??= this.#begin()
    const batch = this.#open
    batch.size += 1
    if (batch.size === bounds.size) {
      this.#open = undefined
      batch.complete(true)
    }
    const call = await batch.begun
    if (call === undefined) return false
    // One of a channel that was lost meanwhile is the broker's again.
    const begins = delivery.end === undefined
    if (begins) delivery.call = call
    const verdict = begins ? await attempt(payload, delivery) : undefined
    call.leave(delivery)
    if (verdict !== undefined) await conclude(verdict)
    return begins
  }

  #begin(): Batch<Payload> {
    let complete: Batch<Payload>['complete'] = () => undefined
    const completed = new Promise<boolean>((resolve) => {
      const timer = setTimeout(resolve, this.#options.bounds.waitMs, true)
      complete = (begins) => {
        clearTimeout(timer)
        resolve(begins)
      }
    })
    const batch: Batch<Payload> = { size: 0, begun: completed.then((begins) => this.#enter(batch, begins)), complete }
    return batch
  }

  async #enter(batch: Batch<Payload>, begins: boolean): Promise<Call<Payload> | undefined> {
    const { slots, handler, handlerTimeoutMs } = this.#options
    // While no slot is free, it still takes more.
    const entered = begins && (await slots.enter())
    if (this.#open === batch) this.#open = undefined
    return entered ? new SharedCall(handler, batch.size, handlerTimeoutMs / 2, () => slots.leave()) : undefined
  }
}
