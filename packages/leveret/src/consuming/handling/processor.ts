import { isLater, type MaybePromise, whenReady } from '../../async/maybe-promise.js'
import { messageOf } from '../../errors/message-of.js'
import type { ReceivedMessage } from '../../message/message.js'
import type { ActiveDelivery } from '../delivery/active-delivery.js'
import type { DeliveryChannel } from '../delivery/delivery-channel.js'
import type { Settlement } from '../delivery/settlement.js'
import type { Settling } from '../delivery/settler.js'
import type { Verdict } from '../delivery/verdict.js'
import type { AttemptRunner, DecodedDelivery } from './attempt-runner.js'
import type { PayloadReader, ReadResult } from './payload-reader.js'

type Conclude<D extends ActiveDelivery> = DecodedDelivery<unknown, D>['conclude']

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

  /** Works on a delivery until it is settled or its channel has ended. Never throws or rejects. */
  process(delivery: D): MaybePromise<void> {
    try {
      const processing = this.#process(delivery)
      return isLater(processing) ? this.#later(processing, delivery) : this.#ended(delivery)
    } catch (error) {
      return this.#stuck(error, delivery)
    }
  }

  async #later(processing: Promise<unknown>, delivery: D): Promise<void> {
    try {
      await processing
      this.#ended(delivery)
    } catch (error) {
      this.#stuck(error, delivery)
    }
  }

  #stuck(error: unknown, delivery: D): void {
    this.#options.settled(delivery, stuckOver(error))
    this.#ended(delivery)
  }

  #ended(delivery: D): void {
    delivery.channel.finish(delivery)
  }

  #process(delivery: D): MaybePromise<unknown> {
    return whenReady(this.#options.reader.read(delivery), (read) => this.#attempt(delivery, read))
  }

  #attempt(delivery: D, read: ReadResult<Payload>): MaybePromise<unknown> {
    const conclude: Conclude<D> = (verdict, attempt = delivery) => this.#conclude(attempt, verdict)
    const { attempts } = this.#options
    const givenBackUnless = (begun: MaybePromise<boolean>): MaybePromise<unknown> =>
      whenReady(begun, (hasBegun) => (hasBegun ? undefined : conclude(GIVE_BACK)))
    if ('do' in read) {
      const again = read.do === 'retry' ? attempts.readAgain?.({ delivery, conclude }, read) : undefined
      return again === undefined ? conclude(read) : givenBackUnless(again)
    }
    if (delivery.end !== undefined) return conclude(GIVE_BACK)
    const { payload, key } = read
    return givenBackUnless(attempts.make({ payload, key, delivery, conclude }))
  }

  #conclude(delivery: ActiveDelivery, verdict: Verdict): MaybePromise<Settlement> {
    const settling = this.#settle(delivery, verdict)
    if (isLater(settling)) delivery.noteEnd()
    delivery.concludes(settling)
    return whenReady(settling, (settlement) => {
      this.#options.settled(delivery, settlement)
      return settlement
    })
  }

  /**
   * Settles a delivery. A defect in leveret must neither lose the message nor crash the process: the delivery stays
   * unacknowledged, and its settlement contains the error.
   */
  #settle(delivery: ActiveDelivery, verdict: Verdict): MaybePromise<Settlement> {
    if (delivery.isAcknowledged) return outcomeOf(verdict)
    try {
      const settling = this.#options.settler.settle(verdict, delivery)
      return isLater(settling) ? settling.catch(stuckOver) : settling
    } catch (error) {
      return stuckOver(error)
    }
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
