import type { AckFrame } from './ack-frame.js'
import type { PublishFrames } from './publish-frames.js'

/** Writers for the frames of a channel that are written without amqplib. */
export interface ChannelFrames {
  /** Writes messages of the usual form. amqplib writes the others. */
  readonly publishes: PublishFrames
  readonly acks: AckFrame
}
