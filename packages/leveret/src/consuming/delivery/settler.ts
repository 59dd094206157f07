import type { QueueDeclaration } from '../../amqp/declaration.js'
import type { MaybePromise } from '../../async/maybe-promise.js'
import { sleep } from '../../async/timing.js'
import { backoffMs } from '../../connection/lanes/backoff.js'
import type { QueueContract } from '../../contract/queues/queue-contract.js'
import { BrokerError } from '../../errors/broker-error.js'
import { describeFailure } from '../../errors/failure.js'
import type { LeveretError } from '../../errors/leveret-error.js'
import { OptionsError } from '../../errors/options-error.js'
import { PublishError } from '../../errors/publish-error.js'
import { TopologyMismatchError } from '../../errors/topology-mismatch-error.js'
import { readFailedDeliveries } from '../../headers/attempt-headers.js'
import { deadLetterCopy, postponedCopy, retryCopy } from '../../headers/copies.js'
import type { OutgoingMessage } from '../../message/message.js'
import { delayedDeclarationsOf, delayQueueName, queueDeclarationsOf } from '../../topology/declarations.js'
import type { ActiveDelivery } from './active-delivery.js'
import type { Settlement } from './settlement.js'
import type { Verdict } from './verdict.js'

/**
 * Settles deliveries on the channel that delivered them: first the copy, confirmed by the broker, and only then the
 * ack.
 */
export class Settler implements Settling {
  readonly #contract: QueueContract
  readonly #publish: PublishCopy
  readonly #declares: boolean

  /** @param declares - whether leveret declares the queues, so that they have the arguments of the contract */
  constructor(contract: QueueContract, publish: PublishCopy, declares: boolean) {
    this.#contract = contract
    this.#publish = publish
    this.#declares = declares
  }

  settle(verdict: Verdict, delivery: ActiveDelivery): MaybePromise<Settlement> {
    const { message, channel } = delivery
    switch (verdict.do) {
      case 'ack':
        return channel.acks.ack(message) ? ACKED : STALE
      case 'ignore':
        return channel.ack(message) ? { did: 'ignored' } : STALE
      case 'skip':
        return channel.ack(message) ? { did: 'skipped' } : STALE
      case 'requeue':
        return channel.giveBack(message) ? { did: 'requeued' } : STALE
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
    if (stored === true) return delivery.channel.ack(delivery.message) ? { did: 'postponed', afterMs } : STALE
    return stored === undefined ? givenBack(delivery) : await this.#deadLetter(impossible(stored), delivery)
  }

  async #delay(
    copyOf: typeof retryCopy,
    afterMs: number,
    delivery: ActiveDelivery,
  ): Promise<true | LeveretError | undefined> {
    const copy = copyOf(delivery.message, delivery.origin, delayQueueName(this.#contract.name, afterMs))
    // A delay queue that is not declared here may never be there; then the message is dead-lettered instead.
    return await this.#store(copy, delayedDeclarationsOf(this.#contract, afterMs), delivery, (error) =>
      isReturned(error) ? !this.#declares : !error.retryable,
    )
  }

  async #retry({ afterMs, failure }: RetryVerdict, delivery: ActiveDelivery): Promise<Settlement> {
    const stored = await this.#delay(retryCopy, afterMs, delivery)
    if (stored === true) return delivery.channel.ack(delivery.message) ? { did: 'retried', afterMs, failure } : STALE
    if (stored === undefined) return givenBack(delivery)
    return await this.#deadLetter(impossible(stored), delivery)
  }

  /**
   * Settles a failed attempt with native retry (`basic.reject(requeue=true)`): the queue keeps the message, counts the
   * failed delivery, and delays the next one.
   */
  async #holdBack({ afterMs, failure }: RetryVerdict, delivery: ActiveDelivery): Promise<Settlement> {
    const { message, channel } = delivery
    // A queue that leveret does not declare may be of any kind. One that does not count would redeliver at once, for
    // ever.
    if (readFailedDeliveries(message) === undefined) {
      const why = `retry.native needs a quorum queue, but the queue '${this.#contract.name}' does not count deliveries`
      return await this.#deadLetter(impossible(new OptionsError(why)), delivery)
    }
    return channel.requeueFailed(message) ? { did: 'retried', afterMs, failure } : STALE
  }

  async #deadLetter({ reason, failure }: DeadLetterVerdict, delivery: ActiveDelivery): Promise<Settlement> {
    const { message, origin, channel } = delivery
    const { deadLetter, name } = this.#contract
    // Without a dead-letter queue of the contract, the queue's own arguments decide where a rejected message goes, if
    // anywhere.
    if (deadLetter === false) return channel.reject(message) ? { did: 'dropped', reason, failure } : STALE
    const copy = deadLetterCopy(message, origin, deadLetter, { queue: name, reason, failure, at: new Date() })
    const isFinal = (error: LeveretError): boolean => !error.retryable && !isOfPlace(error)
    const stored = await this.#store(copy, queueDeclarationsOf(this.#contract), delivery, isFinal)
    if (stored === undefined) return givenBack(delivery)
    const settled = { did: 'dead-lettered', reason, failure } as const
    if (stored === true) return channel.ack(message) ? settled : STALE
    if (!this.#brokerKeepsRejected(stored)) return { did: 'stuck', error: stored }
    return channel.reject(message) ? settled : STALE
  }

  /**
   * Whether the broker itself dead-letters a rejected message when no copy can be stored. A quorum queue that leveret
   * declared keeps the message until the dead-letter queue has it. A classic queue drops it if the dead-letter queue
   * does not take it at once, so that queue must exist.
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
   * Stores a copy, however long that takes. The first refusal is reported, and then the delivery takes no place from
   * others.
   *
   * @param isFinal - whether it is useless to try again after this error
   * @returns `true` when the copy is stored, the error when it is final, `undefined` when the delivery goes back to its
   *   queue
   */
  async #store(
    copy: OutgoingMessage,
    topology: readonly QueueDeclaration[],
    delivery: ActiveDelivery,
    isFinal: (error: LeveretError) => boolean,
  ): Promise<true | LeveretError | undefined> {
    const { channel } = delivery
    for (let attempt = 1; !channel.signal.aborted; attempt += 1) {
      try {
        await this.#publish(copy, topology, channel.signal)
        return true
      } catch (thrown) {
        const error = thrown as LeveretError
        if (channel.signal.aborted) return undefined
        if (isFinal(error)) return error
        if (attempt === 1) channel.copyRefused(delivery, error)
        // A role that is closing does not wait until the broker accepts a copy.
        if (channel.closing.aborted) return undefined
        await sleep(backoffMs(attempt, Math.random()), channel.closing).catch(() => undefined)
      }
    }
    return undefined
  }
}

/** Publishes a copy with a confirm. Settles when the copy is stored or refused, or when the signal is aborted. */
export type PublishCopy = (
  message: OutgoingMessage,
  topology: readonly QueueDeclaration[],
  signal: AbortSignal,
) => Promise<unknown>

const ACKED: Settlement = { did: 'acked' }
const STALE: Settlement = { did: 'stale' }
/** Reply codes that say that a right or a queue is missing. */
const OF_PLACE: ReadonlySet<number> = new Set([403, 404])

type RetryVerdict = Extract<Verdict, { do: 'retry' | 'hold-back' }>
type DeadLetterVerdict = Extract<Verdict, { do: 'dead-letter' }>

/** Carries out verdicts. */
export interface Settling {
  /**
   * Settles a delivery. Throws or rejects only because of a defect. @returns no promise if there is nothing to wait for
   */
  settle(verdict: Verdict, delivery: ActiveDelivery): MaybePromise<Settlement>
}

/** Gives a delivery back to its queue (`basic.nack(requeue=true)`). */
export function givenBack({ channel, message }: ActiveDelivery): Settlement {
  return channel.giveBack(message) ? { did: 'given-back' } : STALE
}

function impossible(error: LeveretError): DeadLetterVerdict {
  return { do: 'dead-letter', reason: 'retry-impossible', failure: describeFailure(error) }
}

/**
 * Whether an operator may repair the cause while this worker runs: a queue is missing or differs, or a permission is
 * missing.
 */
function isOfPlace(error: unknown): boolean {
  if (error instanceof PublishError) return isReturned(error) || isOfPlace(error.cause)
  return error instanceof TopologyMismatchError || (error instanceof BrokerError && OF_PLACE.has(error.replyCode))
}

/** Whether no queue took the copy. If queues are declared here, the next try declares this one again. */
function isReturned(error: LeveretError): boolean {
  return error instanceof PublishError && error.outcome === 'returned'
}
