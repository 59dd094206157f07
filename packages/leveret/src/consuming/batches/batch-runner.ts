import type { ConsumePlace } from '../delivery/process-trace.js'
import type { Attempt } from '../handling/attempt.js'
import type { AttemptRunner, DecodedDelivery } from '../handling/attempt-runner.js'
import type { Slots } from '../handling/slots.js'
import type { BatchedDelivery } from './batched-delivery.js'
import { type BatchBounds, Gathering } from './gathering.js'
import { type BatchHandler, SharedCall } from './shared-call.js'

/** Collects deliveries into batches. A batch takes one slot for as long as an attempt at one of its deliveries runs. */
export class BatchRunner<Payload> implements AttemptRunner<Payload, BatchedDelivery<Payload>> {
  readonly #attempt: BatchesOptions<Payload>['attempt']
  readonly #gathering: Gathering<BatchCall<Payload>>

  constructor(options: BatchesOptions<Payload>) {
    const { slots, bounds, attempt } = options
    this.#attempt = attempt
    this.#gathering = new Gathering(slots, bounds, (size) => callOf(options, size, () => slots.leave()))
  }

  async make({ payload, delivery, conclude }: DecodedDelivery<Payload, BatchedDelivery<Payload>>): Promise<boolean> {
    const call = await this.#gathering.join()
    if (call === undefined) return false
    // If the channel was lost meanwhile, the broker delivers the message again.
    const begins = delivery.end === undefined
    if (begins) delivery.call = call
    const verdict = begins ? await this.#attempt(payload, delivery) : undefined
    call.leave(delivery)
    if (verdict !== undefined) await conclude(verdict, delivery)
    return begins
  }
}

/** Options of {@link BatchRunner}. */
export interface BatchesOptions<Payload> {
  readonly slots: Slots
  /** Makes the attempt at one delivery. Its innermost call is {@link joining}. */
  readonly attempt: Attempt<Payload, BatchedDelivery<Payload>>
  readonly handler: BatchHandler<Payload>
  readonly place: ConsumePlace
  readonly handlerTimeoutMs: number
  readonly bounds: BatchBounds
}

/** The one handler call that the deliveries of a batch share. */
export type BatchCall<Payload> = SharedCall<Payload, BatchedDelivery<Payload>>

/** Joins the handler call of the batch that a delivery belongs to. */
export async function joining<Payload>(payload: Payload, delivery: BatchedDelivery<Payload>): Promise<void> {
  await delivery.call?.join(payload, delivery)
}

/**
 * Makes the handler call of a batch.
 *
 * @param ended - called when the attempts at all its deliveries have ended
 */
export function callOf<Payload>(
  { handler, place, handlerTimeoutMs }: Pick<BatchesOptions<Payload>, 'handler' | 'place' | 'handlerTimeoutMs'>,
  size: number,
  ended: () => void,
): BatchCall<Payload> {
  return new SharedCall({ handler, place, size, patienceMs: handlerTimeoutMs / 2, ended })
}
