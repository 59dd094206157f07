import type { QueueDeclaration } from '../../amqp/declaration.js'
import type { Soon } from '../../async/maybe-promise.js'
import { sleep } from '../../async/timing.js'
import { backoffMs } from '../../connection/lanes/backoff.js'
import type { QueueContract } from '../../contract/queues/queue-contract.js'
import { type LeveretError, OptionsError, PublishError } from '../../errors/errors.js'
import { describeFailure } from '../../errors/failure.js'
import { readFailedDeliveries } from '../../headers/attempt-headers.js'
import { deadLetterCopy, postponedCopy, retryCopy } from '../../headers/copies.js'
import type { OutgoingMessage } from '../../message/message.js'
import { delayedDeclarationsOf, delayQueueName, queueDeclarationsOf } from '../../topology/declarations.js'
import type { ActiveDelivery } from './active-delivery.js'
import type { Settlement } from './settlement.js'
import type { Verdict } from './verdict.js'

/** Publishes a copy with a confirm. Settles when it is stored, is refused, or the signal is aborted. */
export type PublishCopy = (
  message: OutgoingMessage,
  topology: readonly QueueDeclaration[],
  signal: AbortSignal,
) => Promise<unknown>

const STALE: Settlement = { did: 'stale' }

type RetryVerdict = Extract<Verdict, { do: 'retry' | 'hold-back' }>
type DeadLetterVerdict = Extract<Verdict, { do: 'dead-letter' }>

/** Who carries out verdicts. */
export interface Settling {
  /** Never throws or rejects but for a defect. @returns no promise where nothing has to be waited for */
  settle(verdict: Verdict, delivery: ActiveDelivery): Soon<Settlement>
}

/** Gives back what does not count. */
export function givenBack({ life, message }: ActiveDelivery): Settlement {
  return life.giveBack(message) ? { did: 'given-back' } : STALE
}

/** Carries out verdicts on the channel that delivered: first the copy, confirmed, and only then the ack. */
export class Settler implements Settling {
  readonly #contract: QueueContract
  readonly #publish: PublishCopy
  readonly #declares: boolean

  /** @param declares - whether queues are declared here, and so are as the contract says */
  constructor(contract: QueueContract, publish: PublishCopy, declares: boolean) {
    this.#contract = contract
    this.#publish = publish
    this.#declares = declares
  }

  settle(verdict: Verdict, delivery: ActiveDelivery): Soon<Settlement> {
    const { message, life } = delivery
    switch (verdict.do) {
      case 'ack':
        return life.ack(message) ? { did: 'acked' } : STALE
      case 'ignore':
        return life.ack(message) ? { did: 'ignored' } : STALE
      case 'skip':
        return life.ack(message) ? { did: 'skipped' } : STALE
      case 'requeue':
        return life.giveBack(message) ? { did: 'requeued' } : STALE
      case 'give-back':
        return givenBack(delivery)
      case 'retry':
        return this.#retry(verdict, delivery)
      case 'hold-back':
        return this.#holdBack(verdict, delivery)
      case 'postpone':
        return this.#postpone(verdict.afterMs, delivery)
      default:
        return this.#deadLetter(verdict, delivery)
    }
  }

  async #postpone(afterMs: number, delivery: ActiveDelivery): Promise<Settlement> {
    const stored = await this.#delay(postponedCopy, afterMs, delivery)
    if (stored === true) return delivery.life.ack(delivery.message) ? { did: 'postponed', afterMs } : STALE
    return stored === undefined ? givenBack(delivery) : await this.#deadLetter(impossible(stored), delivery)
  }

  async #delay(
    copyOf: typeof retryCopy,
    afterMs: number,
    delivery: ActiveDelivery,
  ): Promise<true | LeveretError | undefined> {
    const copy = copyOf(delivery.message, delivery.lineage, delayQueueName(this.#contract.name, afterMs))
    return await this.#store(copy, delayedDeclarationsOf(this.#contract, afterMs), delivery)
  }

  async #retry({ afterMs, failure }: RetryVerdict, delivery: ActiveDelivery): Promise<Settlement> {
    const stored = await this.#delay(retryCopy, afterMs, delivery)
    if (stored === true) return delivery.life.ack(delivery.message) ? { did: 'retried', afterMs, failure } : STALE
    if (stored === undefined) return givenBack(delivery)
    return await this.#deadLetter(impossible(stored), delivery)
  }

  /** Nothing is copied: the queue keeps it, counts, and holds it back. */
  async #holdBack({ afterMs, failure }: RetryVerdict, delivery: ActiveDelivery): Promise<Settlement> {
    const { message, life } = delivery
    // Where queues are not declared here it may be any. One that does not count would bring it back at once, for ever.
    if (readFailedDeliveries(message) === undefined) {
      const why = `retry.native needs a quorum queue, and the queue '${this.#contract.name}' counts no deliveries`
      return await this.#deadLetter(impossible(new OptionsError(why)), delivery)
    }
    return life.requeueFailed(message) ? { did: 'retried', afterMs, failure } : STALE
  }

  async #deadLetter({ reason, failure }: DeadLetterVerdict, delivery: ActiveDelivery): Promise<Settlement> {
    const { message, lineage, life } = delivery
    const { deadLetter, name } = this.#contract
    // Without a dead-letter queue of ours the message goes where the queue's own arguments send it, if anywhere.
    if (deadLetter === false) return life.reject(message) ? { did: 'dropped', reason, failure } : STALE
    const copy = deadLetterCopy(message, lineage, deadLetter, { queue: name, reason, failure, at: new Date() })
    const stored = await this.#store(copy, queueDeclarationsOf(this.#contract), delivery)
    if (stored === undefined) return givenBack(delivery)
    const settled = { did: 'dead-lettered', reason, failure } as const
    if (stored === true) return life.ack(message) ? settled : STALE
    if (!this.#brokerKeepsRejected(stored)) return { did: 'stuck', error: stored }
    return life.reject(message) ? settled : STALE
  }

  /**
   * Whether the broker itself dead-letters what is rejected, of which no copy can be stored. A quorum queue that was declared here keeps
   * it until the dead-letter queue has it; a classic one drops what is not taken at once, so that queue must be there.
   *
   * @see https://www.rabbitmq.com/docs/quorum-queues#dead-lettering
   */
  #brokerKeepsRejected(error: LeveretError): boolean {
    const { queue, existing } = this.#contract
    const { arguments: given, settings, type } = queue
    if (!this.#declares || existing || given !== undefined || settings === 'policy') return false
    return type === 'quorum' || (error instanceof PublishError && error.outcome === 'not-sent')
  }

  /**
   * Stores a copy, however long that takes. While the broker refuses it, that is said, and its delivery takes no place from others.
   *
   * @returns `true` when it is stored, the error when it never can be, `undefined` when the delivery is to be given back first
   */
  async #store(
    copy: OutgoingMessage,
    topology: readonly QueueDeclaration[],
    delivery: ActiveDelivery,
  ): Promise<true | LeveretError | undefined> {
    const { life } = delivery
    for (let attempt = 1; !life.signal.aborted; attempt += 1) {
      try {
        await this.#publish(copy, topology, life.signal)
        return true
      } catch (thrown) {
        const error = thrown as LeveretError
        if (life.signal.aborted) return undefined
        if (!this.#canSucceedLater(error)) return error
        if (attempt === 1) life.copyRefused(delivery, error)
        // Who closes does not wait for what the broker has refused.
        if (life.closing.aborted) return undefined
        await sleep(backoffMs(attempt, Math.random()), life.closing).catch(() => undefined)
      }
    }
    return undefined
  }

  /** A returned copy finds its queue declared anew, where we declare; a nacked one finds room. */
  #canSucceedLater(error: LeveretError): boolean {
    if (error instanceof PublishError && error.outcome === 'returned') return this.#declares
    return error.retryable
  }
}

function impossible(error: LeveretError): DeadLetterVerdict {
  return { do: 'dead-letter', reason: 'retry-impossible', failure: describeFailure(error) }
}
