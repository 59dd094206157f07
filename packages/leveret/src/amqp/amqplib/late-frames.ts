import type * as amqp from 'amqplib'
import { arrivals } from '../../async/arrivals.js'
import { wrapAccept } from './internals.js'

/** AMQP's number of each method: that of its class, and its own. */
const CHANNEL_OPEN_OK = (20 << 16) | 11
const CHANNEL_CLOSE = (20 << 16) | 40
const CHANNEL_CLOSE_OK = (20 << 16) | 41

/**
 * Drops what the broker sends on a channel after it has closed it, until the number belongs to another channel.
 *
 * RabbitMQ delivers from quorum queues until it reads our close-ok. amqplib has forgotten the channel by then, and would
 * close the whole connection over such a frame.
 *
 * @returns the numbers of the channels that are open for the broker, as far as it has said
 */
export function dropLateFrames(model: amqp.ChannelModel): ReadonlySet<number> {
  const open = new Set<number>()
  const closed = new Set<number>()
  wrapAccept(model, (accept) => (frame) => {
    arrivals.frames += 1
    const { channel, id } = frame
    if (id === CHANNEL_OPEN_OK) open.add(channel)
    else if (id === CHANNEL_CLOSE || id === CHANNEL_CLOSE_OK) open.delete(channel)
    if (id === CHANNEL_OPEN_OK) closed.delete(channel)
    // Close-ok answers a close of ours that has crossed the broker's.
    else if (closed.has(channel) && id !== CHANNEL_CLOSE_OK) return
    else if (id === CHANNEL_CLOSE) closed.add(channel)
    accept(frame)
  })
  return open
}
