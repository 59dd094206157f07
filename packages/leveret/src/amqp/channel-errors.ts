import { BrokerError } from '../errors/broker-error.js'
import { describeReply } from '../errors/broker-reply.js'
import { ConnectionError } from '../errors/connection-error.js'
import type { LeveretError } from '../errors/leveret-error.js'
import { messageOf } from '../errors/message-of.js'
import { OptionsError } from '../errors/options-error.js'
import { brokerReply } from './close-frame.js'

const NOT_ALLOWED = 530
const TOO_MANY = /^number of channels opened /

/** Reads why amqplib says that a channel has been closed: by the broker, or by itself over what came. */
export function closedOver(error: Error): LeveretError {
  const reply = brokerReply(error)
  return reply === undefined ? strangeOn(error) : new BrokerError('The channel was closed', reply, { cause: error })
}

/** The reason of a channel that has to end because something came on it that amqplib, or leveret, cannot deal with. */
export function strangeOn(cause: unknown): ConnectionError {
  return new ConnectionError('protocol', `The channel was closed over what came on it: ${messageOf(cause)}`, { cause })
}

/**
 * Reads why a request on a channel has no answer, or another one than was asked for.
 *
 * @param ended - why the channel has ended, if it has
 */
export function unanswered(operation: string, error: unknown, ended: LeveretError | undefined): LeveretError {
  const reply = brokerReply(error)
  if (reply !== undefined) return new BrokerError(operation, reply, { cause: error })
  if (error instanceof ConnectionError) return error
  if (error instanceof TypeError || error instanceof RangeError)
    return new OptionsError(`${operation}: ${error.message}`, [], { cause: error })
  const why = ended === undefined ? 'the connection was lost' : `no answer came (${ended.message})`
  return new ConnectionError('lost', `${operation}: ${why}`, { cause: ended ?? error })
}

/** Whether the broker has closed a connection because a channel was one too many: for its user, or for the node. */
export function isOverChannelLimit(reason: unknown): reason is BrokerError {
  return reason instanceof BrokerError && reason.replyCode === NOT_ALLOWED && TOO_MANY.test(reason.replyText)
}

/** The error for a channel that would be one too many, where the broker has said so. */
export function overChannelLimit(reason: BrokerError, open: number): ConnectionError {
  const text = `Opening a channel: the broker allows no more, and ${open} are open on this connection (${describeReply(reason)})`
  return new ConnectionError('limit', text, { cause: reason })
}

/** The error for a channel for which a connection has no number left. */
export function outOfNumbers(cause: unknown, open: number): ConnectionError {
  const text =
    `Opening a channel: ${open} are open, as many as a connection to this broker may have (its configuration's channel_max). ` +
    'Connect a second time for more roles, or close some'
  return new ConnectionError('limit', text, { cause })
}

/** Whether it is that something went away, not what somebody has answered. */
export function isLost(error: unknown): boolean {
  return error instanceof ConnectionError && error.reason === 'lost'
}

/** Whether the whole connection went away, as when its node did. */
export function isLinkLoss(reason: unknown): boolean {
  return isLost(reason) || (reason instanceof BrokerError && reason.retryable)
}
