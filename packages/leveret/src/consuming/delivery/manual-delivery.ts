import type { Soon } from '../../async/maybe-promise.js'
import type { Lineage } from '../../headers/attempt-headers.js'
import type { Delivery } from '../../message/delivery.js'
import type { ReceivedMessage } from '../../message/message.js'
import { ActiveDelivery } from './active-delivery.js'
import type { Life } from './delivery-channel.js'
import { Reject, Retry } from './handler-errors.js'
import type { Settlement, SettlementName } from './settlement.js'

/**
 * A delivery that its handler settles itself. The first of these calls counts, unless the handler threw or its time was up
 * before: one that comes later changes nothing, and is told as `delivery.settled-twice`.
 *
 * None of them throws or rejects. Each resolves when the delivery is settled, with what became of it: `stale` when the
 * channel was lost first, so that the broker delivers it again.
 */
export interface ManualDelivery extends Delivery {
  /** It is done. */
  ack(): Promise<SettlementName>
  /** The attempt has failed. The next one is made after `afterMs`, see `Retry`, or after the delay of the contract. */
  retry(options?: { readonly afterMs?: number; readonly reason?: string }): Promise<SettlementName>
  /** Gives up on it whatever attempts are left, and keeps it. @param reason - kept with it */
  deadLetter(reason: string): Promise<SettlementName>
  /**
   * Gives it back to its queue, which delivers it again at once, perhaps to this very worker: one that always does so runs
   * hot. It is no failed attempt, but a quorum queue may count it towards its delivery limit.
   */
  requeue(): Promise<SettlementName>
}

/** What a handler has decided. */
export type Decision = { readonly do: 'ack' | 'requeue' } | { readonly do: 'fail'; readonly thrown: unknown }

/** The delivery behind `acknowledge: 'manual'`. */
export class SteeredDelivery extends ActiveDelivery implements ManualDelivery {
  /** Resolves with the first decision. */
  readonly decision: Promise<Decision>
  #decide: (decision: Decision) => void = () => undefined
  /** What became of it; there from the moment that it is settled, whoever decided. */
  readonly #outcome: Promise<Settlement>
  #conclude: (outcome: Soon<Settlement>) => void = () => undefined
  #isDecided = false
  #hasDecided = false
  readonly #onTwice: () => void

  /** @param onTwice - is told of every call after the first */
  constructor(message: ReceivedMessage, life: Life, lineage: Lineage, onTwice: () => void) {
    super(message, life, lineage)
    this.#onTwice = onTwice
    this.decision = new Promise((resolve) => {
      this.#decide = resolve
    })
    this.#outcome = new Promise((resolve) => {
      this.#conclude = resolve
    })
  }

  /** Whether its handler has decided, in time or not. */
  get hasDecided(): boolean {
    return this.#hasDecided
  }

  /** Its handler says itself what has become of it. */
  override get mayHaveStopped(): boolean {
    return false
  }

  override get mayOutlive(): boolean {
    return true
  }

  override concludes(outcome: Soon<Settlement>): void {
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

/** A delay that is none fails the attempt as it would if `Retry` were thrown with it. */
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
