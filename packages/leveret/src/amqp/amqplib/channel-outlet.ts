import type * as amqp from 'amqplib'
import { PublishFrames } from '../frames/publish-frames.js'
import type { SocketBatcher } from '../frames/socket-batcher.js'
import { channelInternalsOf } from './internals.js'

/**
 * Makes amqplib write the frames of a channel directly to the socket.
 *
 * Between the two, amqplib takes turns among channels, at the cost of two streams for each frame. Without that, all
 * frames go out in the order in which they were written. Call it right after the channel was opened, while no frame is
 * in between.
 *
 * @returns a writer for messages that keeps the order with everything amqplib writes on this channel; `undefined` if a
 *   field of amqplib is missing, and then nothing has changed
 */
export function writeStraight(raw: amqp.Channel, wire: SocketBatcher): PublishFrames | undefined {
  const internals = channelInternalsOf(raw)
  if (internals === undefined) return undefined
  const { channel, frameMax, outlet } = internals
  internals.replace({ write: (chunk) => wire.write(chunk), end: () => outlet.end() })
  return new PublishFrames(wire, channel, frameMax)
}
