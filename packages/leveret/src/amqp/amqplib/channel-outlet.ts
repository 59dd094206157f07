import type * as amqp from 'amqplib'
import { AckFrame } from '../frames/ack-frame.js'
import type { ChannelFrames } from '../frames/channel-frames.js'
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
 * @returns writers for messages and acks that keep the order with everything amqplib writes on this channel;
 *   `undefined` if a field of amqplib is missing, and then nothing has changed
 */
export function writeStraight(raw: amqp.Channel, wire: SocketBatcher): ChannelFrames | undefined {
  const internals = channelInternalsOf(raw)
  if (internals === undefined) return undefined
  const { channel, frameMax, outlet } = internals
  internals.replace({ write: (chunk) => wire.write(chunk), end: () => outlet.end() })
  return { publishes: new PublishFrames(wire, channel, frameMax), acks: new AckFrame(wire, channel) }
}
