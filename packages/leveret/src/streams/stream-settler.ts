import type { ActiveDelivery } from '../consuming/delivery/active-delivery.js'
import type { Settlement } from '../consuming/delivery/settlement.js'
import type { Settling } from '../consuming/delivery/settler.js'
import type { Verdict } from '../consuming/delivery/verdict.js'
import type { QueueContract } from '../contract/queues/queue-contract.js'
import type { ReceivedMessage } from '../message/message.js'

/** Who knows how far a stream was read. */
export interface Progress {
  settle(message: ReceivedMessage): void
  fail(message: ReceivedMessage): void
}

const STALE: Settlement = { did: 'stale' }

/**
 * Settles what stays in its stream. An ack is credit for another delivery, and there is nothing else: RabbitMQ takes a nack or a
 * reject for an ack, or closes the connection over it (3.10, measured). So what is to be tried again is held.
 */
export class StreamSettler implements Settling {
  readonly #settler: Settling
  readonly #keepsDeadLetters: boolean
  readonly #progress: Progress

  /** @param settler - carries out what leaves a copy or an ack */
  constructor(settler: Settling, { deadLetter }: Pick<QueueContract, 'deadLetter'>, progress: Progress) {
    this.#settler = settler
    this.#keepsDeadLetters = deadLetter !== false
    this.#progress = progress
  }

  async settle(verdict: Verdict, delivery: ActiveDelivery): Promise<Settlement> {
    const settlement = await this.#carryOut(verdict, delivery)
    if (isDone(settlement)) this.#progress.settle(delivery.message)
    return settlement
  }

  async #carryOut(verdict: Verdict, delivery: ActiveDelivery): Promise<Settlement> {
    const { message, life } = delivery
    switch (verdict.do) {
      case 'retry':
      case 'hold-back':
        if (life.signal.aborted) return STALE
        this.#progress.fail(message)
        return { did: 'retried', afterMs: verdict.afterMs, failure: verdict.failure }
      case 'postpone':
        return life.signal.aborted ? STALE : { did: 'postponed', afterMs: verdict.afterMs }
      case 'requeue':
        return life.signal.aborted ? STALE : { did: 'postponed', afterMs: 0 }
      case 'give-back':
        // It stays in its stream. RabbitMQ 3.10 closes the whole connection over a nack for one (measured).
        return life.isOpen ? { did: 'given-back' } : STALE
      case 'dead-letter':
        if (this.#keepsDeadLetters) return await this.#settler.settle(verdict, delivery)
        return life.ack(message) ? { did: 'dropped', reason: verdict.reason, failure: verdict.failure } : STALE
      default:
        return await this.#settler.settle(verdict, delivery)
    }
  }
}

function isDone({ did }: Settlement): boolean {
  return did !== 'retried' && did !== 'postponed' && did !== 'given-back' && did !== 'stale' && did !== 'stuck'
}
