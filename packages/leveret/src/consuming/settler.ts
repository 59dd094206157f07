import { backoffMs } from '../connection/backoff.js'
import type { QueueDeclaration } from '../connection/declaration.js'
import type { OutgoingMessage, ReceivedMessage } from '../connection/message.js'
import type { WorkQueue } from '../contract/work-queue.js'
import { type LeveretError, OptionsError, PublishError } from '../errors.js'
import type { Soon } from '../soon.js'
import { sleep } from '../timing.js'
import { declarationsOf, delayedDeclarationsOf, delayQueueName } from '../topology/declarations.js'
import type { ActiveDelivery } from './active-delivery.js'
import { deadLetterCopy, postponedCopy, recountedCopy, retryCopy } from './copy.js'
import type { Life } from './life.js'
import { readFailedDeliveries, readLineage } from './lineage.js'
import type { Settlement } from './settlement.js'
import { describeFailure, type Verdict } from './verdict.js'

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
  /**
   * Puts a copy that knows how often it has come back at the end of the queue, in its place.
   *
   * @returns whether that is done; `false` when the copy cannot be stored, or its channel was lost
   */
  recount(message: ReceivedMessage, life: Life, returns: number): Promise<boolean>
}

/** Carries out verdicts on the channel that delivered: first the copy, confirmed, and only then the ack. */
export class Settler implements Settling {
  readonly #contract: WorkQueue
  readonly #publish: PublishCopy
  readonly #declares: boolean

  /** @param declares - whether queues are declared here, and so are as the contract says */
  constructor(contract: WorkQueue, publish: PublishCopy, declares: boolean) {
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
        return life.requeue(message) ? { did: 'requeued' } : STALE
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

  async recount(message: ReceivedMessage, life: Life, returns: number): Promise<boolean> {
    const copy = recountedCopy(message, readLineage(message), this.#contract.name, returns)
    return (await this.#store(copy, declarationsOf(this.#contract), life)) === true && life.ack(message)
  }

  async #postpone(afterMs: number, delivery: ActiveDelivery): Promise<Settlement> {
    const stored = await this.#delay(postponedCopy, afterMs, delivery)
    if (stored === true) return delivery.life.ack(delivery.message) ? { did: 'postponed', afterMs } : STALE
    return stored === undefined ? STALE : await this.#deadLetter(impossible(stored), delivery)
  }

  async #delay(
    copyOf: typeof retryCopy,
    afterMs: number,
    { message, lineage, life }: ActiveDelivery,
  ): Promise<true | LeveretError | undefined> {
    const copy = copyOf(message, lineage, delayQueueName(this.#contract.name, afterMs))
    return await this.#store(copy, delayedDeclarationsOf(this.#contract, afterMs), life)
  }

  async #retry({ afterMs, failure }: RetryVerdict, delivery: ActiveDelivery): Promise<Settlement> {
    const stored = await this.#delay(retryCopy, afterMs, delivery)
    if (stored === true) return delivery.life.ack(delivery.message) ? { did: 'retried', afterMs, failure } : STALE
    if (stored === undefined) return STALE
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

  async #deadLetter(
    { reason, failure }: DeadLetterVerdict,
    { message, lineage, life }: ActiveDelivery,
  ): Promise<Settlement> {
    const { deadLetter, name, queue } = this.#contract
    // Without a dead-letter queue of ours the message goes where the queue's own arguments send it, if anywhere.
    if (deadLetter === false) return life.reject(message) ? { did: 'dropped', reason, failure } : STALE
    const copy = deadLetterCopy(message, lineage, deadLetter, { queue: name, reason, failure, at: new Date() })
    const stored = await this.#store(copy, declarationsOf(this.#contract), life)
    if (stored === undefined) return STALE
    const settled = { did: 'dead-lettered', reason, failure } as const
    if (stored === true) return life.ack(message) ? settled : STALE
    // The broker itself can still dead-letter it, where we know that the queue says so.
    if (!this.#declares || queue.arguments !== undefined || queue.settings === 'policy')
      return { did: 'stuck', error: stored }
    return life.reject(message) ? settled : STALE
  }

  /** @returns `true` when it is stored, the error when it never can be, `undefined` when the life ended first */
  async #store(
    copy: OutgoingMessage,
    topology: readonly QueueDeclaration[],
    life: Life,
  ): Promise<true | LeveretError | undefined> {
    for (let attempt = 1; !life.signal.aborted; attempt += 1) {
      try {
        await this.#publish(copy, topology, life.signal)
        return true
      } catch (error) {
        if (life.signal.aborted) return undefined
        if (!this.#canSucceedLater(error as LeveretError)) return error as LeveretError
        await sleep(backoffMs(attempt, Math.random()), life.signal).catch(() => undefined)
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
