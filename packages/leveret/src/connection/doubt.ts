import { isAboutMetadata, missingExchangeOf } from '../broker-reply.js'
import { BrokerError, type LeveretError } from '../errors.js'
import type { Channel } from './channel.js'
import type { Lane } from './lane.js'

/** On what a refusal came. */
export interface RefusedOn {
  readonly lane: Lane
  readonly channel: Channel
  readonly signal: AbortSignal
}

/**
 * Finds out whether a refusal is about us. While its metadata store is away (a full disk, a start, a stop), RabbitMQ finds neither rights nor
 * exchanges nor users, and answers as if there were none: 403 and 404. So a broker that would not let us in either, although we are in,
 * is not taken at its word.
 *
 * @returns the same error, or one that says that it passes
 */
export async function weigh(reason: LeveretError, refused: RefusedOn): Promise<LeveretError> {
  if (!(reason instanceof BrokerError) || reason.retryable || !isAboutMetadata(reason)) return reason
  const isMeant = (await refused.channel.surroundings.wouldLetIn(refused.signal)) && !(await isThere(reason, refused))
  return isMeant ? reason : new BrokerError(AWAY, reason, { cause: reason, retryable: true })
}

const AWAY = 'The broker has lost sight of its users, rights and exchanges for a while, which passes'

/**
 * Does something again that was refused: it may have been asked while the metadata store was away for a moment only. The second answer
 * counts. What is done must do no harm when it is done twice.
 */
export async function twice<T>(work: () => Promise<T>): Promise<T> {
  return await work().catch(async (error: unknown) => {
    if (!isAccessRefused(error)) throw error
    return await work()
  })
}

/** Whether a right is missing, as far as the broker knows. */
export function isAccessRefused(error: unknown): error is BrokerError {
  return error instanceof BrokerError && error.replyCode === 403 && !error.retryable && isAboutMetadata(error)
}

/** Whether an exchange that the broker has not found is there after all. Who may not ask has no better answer than the first. */
async function isThere(reason: BrokerError, { lane, signal }: RefusedOn): Promise<boolean> {
  const exchange = missingExchangeOf(reason)
  if (exchange === undefined) return false
  return await lane.spare
    .use(signal, (channel) => channel.checkExchange(exchange))
    .then(
      () => true,
      () => false,
    )
}
