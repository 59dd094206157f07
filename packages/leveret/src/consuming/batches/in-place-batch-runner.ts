import type { Verdict } from '../delivery/verdict.js'
import type { AttemptRunner, DecodedDelivery, Unread } from '../handling/attempt-runner.js'
import { heldAttempt, type InPlaceOptions, InPlaceRunner, isOpen } from '../handling/in-place-runner.js'
import { Pauses } from '../handling/pauses.js'
import { type BatchCall, type BatchesOptions, callOf } from './batch-runner.js'
import type { BatchedDelivery } from './batched-delivery.js'
import { Gathering } from './gathering.js'
import { Rounds } from './rounds.js'

type Delivery<Payload> = BatchedDelivery<Payload>

/**
 * Collects deliveries into batches, and makes all attempts at a batch before it frees the slot. The deliveries that
 * failed are held and tried again together, and later deliveries wait for them.
 */
export class InPlaceBatchRunner<Payload> implements AttemptRunner<Payload, Delivery<Payload>> {
  readonly #options: BatchesOptions<Payload> & Pick<InPlaceOptions<Payload, Delivery<Payload>>, 'again'>
  readonly #gathering: Gathering<Rounds<BatchCall<Payload>>>
  /** Runs a delivery that could not be read, as a batch of its own. */
  readonly #alone: InPlaceRunner<Payload, Delivery<Payload>>

  constructor(options: BatchesOptions<Payload> & Omit<InPlaceOptions<Payload, Delivery<Payload>>, 'attempt'>) {
    const { slots, bounds } = options
    this.#options = options
    const pauses = new Pauses(slots)
    const makeCall = (size: number): BatchCall<Payload> => callOf(options, size, () => undefined)
    this.#gathering = new Gathering(slots, bounds, (size) => new Rounds({ slots, pauses, size, makeCall }))
    this.#alone = new InPlaceRunner({
      ...options,
      attempt: (payload, delivery) => this.#attempt(makeCall(1), payload, delivery),
    })
  }

  async make({ payload, delivery, conclude }: DecodedDelivery<Payload, Delivery<Payload>>): Promise<boolean> {
    const rounds = await this.#gathering.join()
    if (rounds === undefined) return false
    let call: BatchCall<Payload> | undefined = rounds.first
    let current = delivery
    while (call !== undefined) {
      if (current.end !== undefined || current.channel.signal.aborted) {
        call.leave(current)
        rounds.leave()
        return false
      }
      const settlement = await conclude(await this.#attempt(call, payload, current), current)
      if (!isOpen(settlement)) {
        rounds.leave()
        return true
      }
      call = await rounds.again(settlement.afterMs)
      current = this.#options.again(current)
    }
    return false
  }

  async readAgain(unread: Unread<Delivery<Payload>>, verdict: Verdict): Promise<boolean> {
    // The deliveries that came before this one take their slot first.
    this.#gathering.complete(true)
    return await this.#alone.readAgain(unread, verdict)
  }

  async #attempt(call: BatchCall<Payload>, payload: Payload, delivery: Delivery<Payload>): Promise<Verdict> {
    delivery.call = call
    const verdict = await heldAttempt(this.#options.attempt, payload, delivery)
    call.leave(delivery)
    return verdict
  }
}
