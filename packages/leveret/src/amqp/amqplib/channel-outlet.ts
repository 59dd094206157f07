import type * as amqp from 'amqplib'
import { PublishFrames } from '../frames/publish-frames.js'
import type { SocketBatcher } from '../frames/socket-batcher.js'
import { seatOf } from './internals.js'

/**
 * Has a channel write to the socket itself. Between the two, amqplib has channels take turns, at the cost of two streams for each
 * frame. Without that all frames go in the order in which they were written.
 *
 * Call it when the channel has just been opened: nothing is under way.
 *
 * @returns the way to publish without amqplib, in order with all that amqplib writes on this channel; `undefined`, and nothing has
 *   changed, when a field of amqplib is missing
 */
export function writeStraight(raw: amqp.Channel, wire: SocketBatcher): PublishFrames | undefined {
  const seat = seatOf(raw)
  if (seat === undefined) return undefined
  const { channel, frameMax, outlet } = seat
  seat.replace({ write: (chunk) => wire.write(chunk), end: () => outlet.end() })
  return new PublishFrames(wire, channel, frameMax)
}
