import { isLater, type MaybePromise, whenReady } from '../../async/maybe-promise.js'
import { messageOf } from '../../errors/message-of.js'
import type { ReceivedMessage } from '../../message/message.js'
import type { ActiveDelivery } from '../delivery/active-delivery.js'
import type { DeliveryChannel } from '../delivery/delivery-channel.js'
import type { Settlement } from '../delivery/settlement.js'
import type { Settling } from '../delivery/settler.js'
import type { Verdict } from '../delivery/verdict.js'
import type { AttemptRunner } from './attempt-runner.js'
import type { PayloadReader, ReadResult } from './payload-reader.js'

/** Takes a delivery from its bytes to its settlement: read, wait for a slot, attempt, conclude. */
export class Processor<Payload, D extends ActiveDelivery> {
  readonly #options: ProcessorOptions<Payload, D>

  constructor(options: ProcessorOptions<Payload, D>) {
    this.#options = options
  }

  /** Makes the delivery of a message, and has its channel track it. */
  receive(message: ReceivedMessage, channel: DeliveryChannel): D {
    const delivery = this.#options.deliveryOf(message, channel)
    channel.begin(delivery)
    return delivery
  }

  /**
   * Works on a delivery until it is settled or its channel has ended, and calls `ended` then. Never throws.
   *
   * A message whose schema and handler are synchronous is done when this returns, without a promise.
   */
  process(delivery: D, ended: (delivery: D) => void): void {
    try {
      const read = this.#options.reader.read(delivery)
      const begun = isLater(read) ? this.#whenRead(read, delivery) : this.#attempt(delivery, read)
      if (begun !== true) return void this.#later(begun, delivery, ended)
    } catch (error) {
      this.#options.settled(delivery, stuckOver(error))
    }
    ended(delivery)
  }

  async #later(beginning: MaybePromise<boolean>, delivery: D, ended: (delivery: D) => void): Promise<void> {
    try {
      if (!(await beginning)) await this.#conclude(GIVE_BACK, delivery)
    } catch (error) {
      this.#options.settled(delivery, stuckOver(error))
    }
    ended(delivery)
  }

  async #whenRead(reading: Promise<ReadResult<Payload>>, delivery: D): Promise<boolean> {
    return await this.#attempt(delivery, await reading)
  }

  /** @returns `false` when no attempt began, so the delivery goes back to its queue */
  #attempt(delivery: D, read: ReadResult<Payload>): MaybePromise<boolean> {
    const { attempts } = this.#options
    if ('do' in read) return this.#unread(delivery, read)
    if (delivery.end !== undefined) return false
    return attempts.make({ payload: read.payload, key: read.key, delivery, conclude: this.#conclude })
  }

  /** Retries a delivery that could not be read in place, or concludes it. */
  #unread(delivery: D, verdict: Verdict): MaybePromise<boolean> {
    const { attempts } = this.#options
    const again =
      verdict.do === 'retry' ? attempts.readAgain?.({ delivery, conclude: this.#conclude }, verdict) : undefined
    return again ?? whenReady(this.#conclude(verdict, delivery), () => true)
  }

  /**
   * Settles a delivery. A defect in leveret must neither lose the message nor crash the process: the delivery stays
   * unacknowledged, and its settlement contains the error.
   */
  readonly #conclude = (verdict: Verdict, delivery: ActiveDelivery): MaybePromise<Settlement> => {
    let settling: MaybePromise<Settlement>
    try {
      settling = delivery.isAcknowledged ? outcomeOf(verdict) : this.#options.settler.settle(verdict, delivery)
    } catch (error) {
      settling = stuckOver(error)
    }
    if (isLater(settling)) return this.#concludeLater(settling, delivery)
    delivery.concludes?.(settling)
    this.#options.settled(delivery, settling)
    return settling
  }

  async #concludeLater(settling: Promise<Settlement>, delivery: ActiveDelivery): Promise<Settlement> {
    delivery.noteEnd()
    const outcome = settling.catch(stuckOver)
    delivery.concludes?.(outcome)
    const settlement = await outcome
    this.#options.settled(delivery, settlement)
    return settlement
  }
}

/** Options of {@link Processor}. */
export interface ProcessorOptions<Payload, D extends ActiveDelivery> {
  readonly reader: PayloadReader<Payload>
  readonly attempts: AttemptRunner<Payload, D>
  readonly settler: Settling
  deliveryOf(message: ReceivedMessage, channel: DeliveryChannel): D
  settled(delivery: ActiveDelivery, settlement: Settlement): void
}

const GIVE_BACK: Verdict = { do: 'give-back' }

function stuckOver(error: unknown): Settlement {
  return { did: 'stuck', error: error instanceof Error ? error : new Error(messageOf(error)) }
}

/** The settlement of a delivery that was acknowledged first: it has no other attempt. */
function outcomeOf(verdict: Verdict): Settlement {
  switch (verdict.do) {
    case 'retry':
    case 'hold-back':
      return { did: 'dropped', reason: 'attempts-exhausted', failure: verdict.failure }
    case 'dead-letter':
      return { did: 'dropped', reason: verdict.reason, failure: verdict.failure }
    default:
      return { did: 'acked' }
  }
}
