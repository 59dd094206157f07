import type { ConsumePlace } from '../delivery/process-trace.js'
import type { Attempt } from '../handling/attempt.js'
import type { Attempts, Task } from '../handling/attempt-runner.js'
import type { Slots } from '../handling/slots.js'
import type { BatchedDelivery } from './batched-delivery.js'
import { type BatchBounds, Gathering } from './gathering.js'
import { type BatchHandler, SharedCall } from './shared-call.js'

/** What batches are made of. */
export interface BatchesOptions<Payload> {
  readonly slots: Slots
  /** Makes the attempt at one delivery. Its innermost call is {@link joining}. */
  readonly attempt: Attempt<Payload, BatchedDelivery<Payload>>
  readonly handler: BatchHandler<Payload>
  readonly place: ConsumePlace
  readonly handlerTimeoutMs: number
  readonly bounds: BatchBounds
}

/** The call that the deliveries of a batch share. */
export type BatchCall<Payload> = SharedCall<Payload, BatchedDelivery<Payload>>

/** Joins the call of the batch that a delivery is in. */
export async function joining<Payload>(payload: Payload, delivery: BatchedDelivery<Payload>): Promise<void> {
  await delivery.call?.join(payload, delivery)
}

/**
 * Makes the call of a batch.
 *
 * @param ended - is called when the attempts at all its deliveries have ended
 */
export function callOf<Payload>(
  { handler, place, handlerTimeoutMs }: Pick<BatchesOptions<Payload>, 'handler' | 'place' | 'handlerTimeoutMs'>,
  size: number,
  ended: () => void,
): BatchCall<Payload> {
  return new SharedCall({ handler, place, size, patienceMs: handlerTimeoutMs / 2, ended })
}

/** Collects deliveries. Each batch has one slot, for as long as an attempt at one of its deliveries goes on. */
export class Batches<Payload> implements Attempts<Payload, BatchedDelivery<Payload>> {
  readonly #attempt: BatchesOptions<Payload>['attempt']
  readonly #gathering: Gathering<BatchCall<Payload>>

  constructor(options: BatchesOptions<Payload>) {
    const { slots, bounds, attempt } = options
    this.#attempt = attempt
    this.#gathering = new Gathering(slots, bounds, (size) => callOf(options, size, () => slots.leave()))
  }

  async make({ payload, delivery, conclude }: Task<Payload, BatchedDelivery<Payload>>): Promise<boolean> {
    const call = await this.#gathering.join()
    if (call === undefined) return false
    // One of a channel that was lost meanwhile is the broker's again.
    const begins = delivery.end === undefined
    if (begins) delivery.call = call
    const verdict = begins ? await this.#attempt(payload, delivery) : undefined
    call.leave(delivery)
    if (verdict !== undefined) await conclude(verdict)
    return begins
  }
}
