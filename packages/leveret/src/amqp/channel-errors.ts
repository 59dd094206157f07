import { BrokerError } from '../errors/broker-error.js'
import { describeReply } from '../errors/broker-reply.js'
import { ConnectionError } from '../errors/connection-error.js'
import type { LeveretError } from '../errors/leveret-error.js'
import { messageOf } from '../errors/message-of.js'
import { OptionsError } from '../errors/options-error.js'
import { brokerReply } from './close-frame.js'

const NOT_ALLOWED = 530
const TOO_MANY = /^number of channels opened /

/**
 * Turns amqplib's error of a closed channel into leveret's: the broker closed it, or amqplib did because of an
 * unexpected frame.
 */
export function closedOver(error: Error): LeveretError {
  const reply = brokerReply(error)
  return reply === undefined ? strangeOn(error) : new BrokerError('The channel was closed', reply, { cause: error })
}

/** The reason of a channel that ends because neither amqplib nor leveret can handle what the broker sent on it. */
export function strangeOn(cause: unknown): ConnectionError {
  return new ConnectionError('protocol', `The channel was closed because of an unexpected frame: ${messageOf(cause)}`, {
    cause,
  })
}

/**
 * Turns the error of a request on a channel into leveret's.
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

/** Whether the broker closed a connection because of one channel too many, for its user or for the node. */
export function isOverChannelLimit(reason: unknown): reason is BrokerError {
  return reason instanceof BrokerError && reason.replyCode === NOT_ALLOWED && TOO_MANY.test(reason.replyText)
}

/** The error for a channel that the broker refused because of its limit. */
export function overChannelLimit(reason: BrokerError, open: number): ConnectionError {
  const text = `Opening a channel: the broker allows no more channels; ${open} are open on this connection (${describeReply(reason)})`
  return new ConnectionError('limit', text, { cause: reason })
}

/** The error for a channel when the connection has no channel number left. */
export function outOfNumbers(cause: unknown, open: number): ConnectionError {
  const text =
    `Opening a channel: ${open} are open, which is the limit of a connection to this broker (channel_max in its configuration). ` +
    'Open a second connection for more roles, or close some roles'
  return new ConnectionError('limit', text, { cause })
}

/** Whether the error is a lost connection or channel, and not an answer of the broker. */
export function isLost(error: unknown): boolean {
  return error instanceof ConnectionError && error.reason === 'lost'
}

/** Whether the reason is the loss of the whole connection, for example with its node. */
export function isLinkLoss(reason: unknown): boolean {
  return isLost(reason) || (reason instanceof BrokerError && reason.retryable)
}
