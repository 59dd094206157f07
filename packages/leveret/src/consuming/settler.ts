import { backoffMs } from '../connection/backoff.js'
import type { QueueDeclaration } from '../connection/channel.js'
import type { OutgoingMessage, ReceivedMessage } from '../connection/message.js'
import type { WorkQueue } from '../contract/work-queue.js'
import { type LeveretError, PublishError } from '../errors.js'
import { sleep } from '../timing.js'
import { declarationsOf, delayedDeclarationsOf, delayQueueName } from '../topology/declarations.js'
import { deadLetterCopy, retryCopy } from './copy.js'
import type { Life } from './life.js'
import type { Lineage } from './lineage.js'
import { type DeadLetterReason, describeFailure, type Failure, type Verdict } from './verdict.js'

/** Publishes a copy with a confirm. Settles when it is stored, is refused, or the signal is aborted. */
export type PublishCopy = (
  message: OutgoingMessage,
  topology: readonly QueueDeclaration[],
  signal: AbortSignal,
) => Promise<void>

/**
 * What became of a delivery:
 * - `acked`, `retried`, `dead-lettered`: settled
 * - `dropped`: given up, and the contract keeps no dead letters
 * - `stale`: its channel was lost first; the broker delivers it again
 * - `stuck`: its copy can never be stored, so it stays unacknowledged: nothing is lost, and its slot is taken
 */
export type Settlement =
  | { readonly did: 'acked' | 'stale' }
  | { readonly did: 'retried'; readonly afterMs: number; readonly failure: Failure }
  | { readonly did: 'dead-lettered' | 'dropped'; readonly reason: DeadLetterReason; readonly failure: Failure }
  | { readonly did: 'stuck'; readonly error: Error }

const STALE: Settlement = { did: 'stale' }

/** A delivery to be settled. */
export interface Unsettled {
  readonly message: ReceivedMessage
  readonly lineage: Lineage
  readonly life: Life
}

type DeadLetterVerdict = Extract<Verdict, { do: 'dead-letter' }>

/** Carries out verdicts on the channel that delivered: first the copy, confirmed, and only then the ack. */
export class Settler {
  readonly #contract: WorkQueue
  readonly #publish: PublishCopy
  readonly #declares: boolean

  /** @param declares - whether queues are declared here, and so are as the contract says */
  constructor(contract: WorkQueue, publish: PublishCopy, declares: boolean) {
    this.#contract = contract
    this.#publish = publish
    this.#declares = declares
  }

  async settle(verdict: Verdict, unsettled: Unsettled): Promise<Settlement> {
    const { message, lineage, life } = unsettled
    if (verdict.do === 'ack') return life.ack(message) ? { did: 'acked' } : STALE
    if (verdict.do === 'dead-letter') return await this.#deadLetter(verdict, unsettled)
    const { afterMs, failure } = verdict
    const copy = retryCopy(message, lineage, delayQueueName(this.#contract.name, afterMs))
    const stored = await this.#store(copy, delayedDeclarationsOf(this.#contract, afterMs), life)
    if (stored === true) return life.ack(message) ? { did: 'retried', afterMs, failure } : STALE
    if (stored === undefined) return STALE
    const impossible = { do: 'dead-letter', reason: 'retry-impossible', failure: describeFailure(stored) } as const
    return await this.#deadLetter(impossible, unsettled)
  }

  async #deadLetter(
    { reason, failure }: DeadLetterVerdict,
    { message, lineage, life }: Unsettled,
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
