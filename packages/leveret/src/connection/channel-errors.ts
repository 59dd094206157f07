import { BrokerError, ConnectionError, type LeveretError, OptionsError } from '../errors.js'
import { brokerReply } from './reply.js'

/** Reads why amqplib says that a channel has been closed: by the broker, or by itself over what came. */
export function closedOver(error: Error): LeveretError {
  const reply = brokerReply(error)
  return reply === undefined ? strangeOn(error) : new BrokerError('The channel was closed', reply, { cause: error })
}

/** The reason of a channel that has to end because something came on it that amqplib, or leveret, cannot deal with. */
export function strangeOn(cause: Error): ConnectionError {
  return new ConnectionError('protocol', `The channel was closed over what came on it: ${cause.message}`, { cause })
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
  return new ConnectionError('lost', `${operation}: the connection was lost`, { cause: ended ?? error })
}
