import type { ActiveDelivery } from '../consuming/delivery/active-delivery.js'
import type { Settlement } from '../consuming/delivery/settlement.js'
import type { Settling } from '../consuming/delivery/settler.js'
import type { Verdict } from '../consuming/delivery/verdict.js'
import type { QueueContract } from '../contract/queues/queue-contract.js'
import type { ReceivedMessage } from '../message/message.js'

/**
 * Settles deliveries of a stream, which keeps its messages. `basic.ack` only asks for further deliveries, and there is
 * nothing else: RabbitMQ treats `basic.nack` and `basic.reject` as an ack, or closes the connection over them (3.10,
 * measured). So a delivery that is to be tried again is held.
 */
export class StreamSettler implements Settling {
  readonly #settler: Settling
  readonly #keepsDeadLetters: boolean
  readonly #progress: StreamProgress

  /** @param settler - settles the deliveries that need a copy or an ack */
  constructor(settler: Settling, { deadLetter }: Pick<QueueContract, 'deadLetter'>, progress: StreamProgress) {
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
    const { message, channel } = delivery
    switch (verdict.do) {
      case 'retry':
      case 'hold-back':
        if (channel.signal.aborted) return STALE
        this.#progress.fail(message)
        return { did: 'retried', afterMs: verdict.afterMs, failure: verdict.failure }
      case 'postpone':
        return channel.signal.aborted ? STALE : { did: 'postponed', afterMs: verdict.afterMs }
      case 'requeue':
        return channel.signal.aborted ? STALE : { did: 'postponed', afterMs: 0 }
      case 'give-back':
        // The message stays in its stream. RabbitMQ 3.10 closes the whole connection over a basic.nack for it
        // (measured).
        return channel.isOpen ? { did: 'given-back' } : STALE
      case 'dead-letter':
        if (this.#keepsDeadLetters) return await this.#settler.settle(verdict, delivery)
        return channel.ack(message) ? { did: 'dropped', reason: verdict.reason, failure: verdict.failure } : STALE
      default:
        return await this.#settler.settle(verdict, delivery)
    }
  }
}

/** Receives the progress of reading a stream. */
export interface StreamProgress {
  settle(message: ReceivedMessage): void
  fail(message: ReceivedMessage): void
}

const STALE: Settlement = { did: 'stale' }

function isDone({ did }: Settlement): boolean {
  return did !== 'retried' && did !== 'postponed' && did !== 'given-back' && did !== 'stale' && did !== 'stuck'
}
