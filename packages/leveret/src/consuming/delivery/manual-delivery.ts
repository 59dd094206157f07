import type { MaybePromise } from '../../async/maybe-promise.js'
import type { AttemptOrigin } from '../../headers/attempt-headers.js'
import type { Delivery } from '../../message/delivery.js'
import type { ReceivedMessage } from '../../message/message.js'
import { ActiveDelivery } from './active-delivery.js'
import type { DeliveryChannel } from './delivery-channel.js'
import { Reject, Retry } from './handler-errors.js'
import type { Settlement, SettlementName } from './settlement.js'

/** The delivery that a handler gets with `acknowledge: 'manual'`. */
export class ManuallySettledDelivery extends ActiveDelivery implements ManualDelivery {
  override readonly mayOutlive = true
  /** Resolves with the first decision. */
  readonly decision: Promise<Decision>
  #decide: (decision: Decision) => void = () => undefined
  /** The settlement, from the moment at which the delivery is being settled, whether or not its handler decided it. */
  readonly #outcome: Promise<Settlement>
  #conclude: (outcome: MaybePromise<Settlement>) => void = () => undefined
  #isDecided = false
  #hasDecided = false
  readonly #onTwice: () => void

  /** @param onTwice - called for every decision after the first */
  constructor(message: ReceivedMessage, channel: DeliveryChannel, origin: AttemptOrigin, onTwice: () => void) {
    super(message, channel, origin)
    this.#onTwice = onTwice
    this.decision = new Promise((resolve) => {
      this.#decide = resolve
    })
    this.#outcome = new Promise((resolve) => {
      this.#conclude = resolve
    })
  }

  /** Whether the handler has decided, in time or not. */
  get hasDecided(): boolean {
    return this.#hasDecided
  }

  /** Always `false`: the handler itself decides what happens to the delivery. */
  override get mayHaveStopped(): boolean {
    return false
  }

  override concludes(outcome: MaybePromise<Settlement>): void {
    this.#isDecided = true
    this.#conclude(outcome)
  }

  ack(): Promise<SettlementName> {
    return this.#first({ do: 'ack' })
  }

  retry(options: { readonly afterMs?: number; readonly reason?: string } = {}): Promise<SettlementName> {
    return this.#first({ do: 'fail', thrown: failureOf(options) })
  }

  deadLetter(reason: string): Promise<SettlementName> {
    return this.#first({ do: 'fail', thrown: new Reject(reason) })
  }

  requeue(): Promise<SettlementName> {
    return this.#first({ do: 'requeue' })
  }

  async #first(decision: Decision): Promise<SettlementName> {
    if (this.#isDecided) this.#onTwice()
    this.#isDecided = true
    this.#hasDecided = true
    this.#decide(decision)
    return (await this.#outcome).did
  }
}

/**
 * A delivery that its handler settles itself. The first of these calls counts, unless the handler threw or its time was
 * up before. A later call changes nothing, and causes the event `delivery.settled-twice`.
 *
 * None of the methods throws or rejects. Each resolves when the delivery is settled, with the settlement that took
 * place: `stale` when the channel was lost first, so that the broker delivers the message again.
 */
export interface ManualDelivery extends Delivery {
  /** Acknowledges the message (`basic.ack`). */
  ack(): Promise<SettlementName>
  /** Fails the attempt. The next one follows after `afterMs`, see `Retry`, or after the delay of the contract. */
  retry(options?: { readonly afterMs?: number; readonly reason?: string }): Promise<SettlementName>
  /** Dead-letters the message, whatever attempts are left. @param reason - kept with the dead letter */
  deadLetter(reason: string): Promise<SettlementName>
  /**
   * Gives the message back to its queue (`basic.nack(requeue=true)`). The queue delivers it again at once, perhaps to
   * this same worker, so a handler that always requeues causes a busy loop. It is no failed attempt, but a quorum queue
   * may count it towards its delivery limit.
   */
  requeue(): Promise<SettlementName>
}

/** A decision of a handler. */
export type Decision = { readonly do: 'ack' | 'requeue' } | { readonly do: 'fail'; readonly thrown: unknown }

/** The error of a manual retry. An invalid delay fails the attempt as throwing `Retry` with it would. */
function failureOf({
  afterMs,
  reason = 'the handler asked for another attempt',
}: {
  afterMs?: number
  reason?: string
}): unknown {
  if (afterMs === undefined) return new Error(reason)
  try {
    return new Retry({ afterMs, reason })
  } catch (error) {
    return error
  }
}
