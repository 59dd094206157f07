import type * as amqp from 'amqplib'
import { arrivals } from '../../async/arrivals.js'
import { wrapAccept } from './internals.js'

/** AMQP number of each method: number of its class, then its own. */
const CHANNEL_OPEN_OK = (20 << 16) | 11
const CHANNEL_CLOSE = (20 << 16) | 40
const CHANNEL_CLOSE_OK = (20 << 16) | 41

/**
 * Drops frames that the broker sends on a channel after it has closed it, until the number belongs to a new channel.
 *
 * RabbitMQ delivers from quorum queues until it reads close-ok. By then amqplib has forgotten the channel, and would
 * close the whole connection over such a frame.
 *
 * @returns the numbers of the channels that the broker has open, as far as it has reported
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
    // A close-ok answers a channel.close of this process that crossed the broker's.
    else if (closed.has(channel) && id !== CHANNEL_CLOSE_OK) return
    else if (id === CHANNEL_CLOSE) closed.add(channel)
    accept(frame)
  })
  return open
}
