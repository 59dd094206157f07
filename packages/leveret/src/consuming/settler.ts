import { backoffMs } from '../connection/backoff.js'
import type { QueueDeclaration } from '../connection/channel.js'
import type { OutgoingMessage, ReceivedMessage } from '../connection/message.js'
import type { WorkQueue } from '../contract/work-queue.js'
import { type LeveretError, PublishError } from '../errors.js'
import { sleep } from '../timing.js'
import { declarationsOf, delayedDeclarationsOf, delayQueueName } from '../topology/declarations.js'
import type { Life } from './consumer.js'
import { deadLetterCopy, retryCopy } from './copy.js'
import type { Lineage } from './lineage.js'
import type { Verdict } from './verdict.js'

/** Publishes a copy with a confirm. Settles when it is stored, is refused, or the signal is aborted. */
export type PublishCopy = (
  message: OutgoingMessage,
  topology: readonly QueueDeclaration[],
  signal: AbortSignal,
) => Promise<void>

/**
 * What became of a delivery:
 * - `acked`, `retried`, `dead-lettered`: settled as decided
 * - `dropped`: given up, and the contract keeps no dead letters
 * - `stale`: its channel was lost first; the broker delivers it again
 * - `stuck`: its copy can never be stored, so it stays unacknowledged: nothing is lost, and its slot is taken
 */
export type Settlement = 'acked' | 'retried' | 'dead-lettered' | 'dropped' | 'stale' | { readonly stuck: LeveretError }

/** Carries out verdicts on the channel that delivered: first the copy, confirmed, and only then the ack. */
export class Settler {
  readonly #contract: WorkQueue
  readonly #publish: PublishCopy

  constructor(contract: WorkQueue, publish: PublishCopy) {
    this.#contract = contract
    this.#publish = publish
  }

  async settle(verdict: Verdict, message: ReceivedMessage, lineage: Lineage, life: Life): Promise<Settlement> {
    switch (verdict.do) {
      case 'ack':
        return life.channel.ack(message) ? 'acked' : 'stale'
      case 'retry': {
        const topology = delayedDeclarationsOf(this.#contract, verdict.afterMs)
        const copy = retryCopy(message, lineage, delayQueueName(this.#contract.name, verdict.afterMs))
        return await this.#replace(message, copy, topology, life, 'retried')
      }
      case 'dead-letter': {
        const { deadLetter, name } = this.#contract
        // Without a dead-letter queue of ours the message goes where the queue's own arguments send it, if anywhere.
        if (deadLetter === false) return life.channel.reject(message) ? 'dropped' : 'stale'
        const obituary = { ...verdict, queue: name, diedAt: new Date() }
        const copy = deadLetterCopy(message, lineage, deadLetter.queue, obituary)
        return await this.#replace(message, copy, declarationsOf(this.#contract), life, 'dead-lettered')
      }
    }
  }

  async #replace(
    message: ReceivedMessage,
    copy: OutgoingMessage,
    topology: readonly QueueDeclaration[],
    life: Life,
    done: 'retried' | 'dead-lettered',
  ): Promise<Settlement> {
    for (let attempt = 1; !life.signal.aborted; attempt += 1) {
      try {
        await this.#publish(copy, topology, life.signal)
        return life.channel.ack(message) ? done : 'stale'
      } catch (error) {
        if (life.signal.aborted) break
        if (!canSucceedLater(error as LeveretError)) return this.#giveUp(message, life, error as LeveretError)
        await sleep(backoffMs(attempt, Math.random()), life.signal).catch(() => undefined)
      }
    }
    return 'stale'
  }

  /** The broker itself can still dead-letter it, where the queue says so. */
  #giveUp(message: ReceivedMessage, life: Life, error: LeveretError): Settlement {
    const { deadLetter, queue } = this.#contract
    if (deadLetter === false || queue.arguments !== undefined) return { stuck: error }
    return life.channel.reject(message) ? 'dead-lettered' : 'stale'
  }
}

/** A returned copy finds its queue declared anew; a nacked one finds room; the rest is up to the error. */
function canSucceedLater(error: LeveretError): boolean {
  return error.retryable || (error instanceof PublishError && error.outcome === 'returned')
}
