import type { ConnectionError } from '../errors/connection-error.js'
import type { LeveretError } from '../errors/leveret-error.js'
import type { ReturnedMessage } from '../message/message.js'
import type { Backlog } from './backlog.js'
import type { ChannelFrames } from './frames/channel-frames.js'
import type { OtherTracers } from './other-tracers.js'

/** Callbacks of a channel to its opener. They must not throw. */
export interface ChannelHooks {
  /** Called once when the channel ends: the broker closed it, its connection was lost, or this process closed it. */
  closed?(reason: LeveretError): void
  /** Called when the broker confirms or refuses one publish, or all up to it. Tags count from 1 on each channel. */
  confirmed?(tag: number, multiple: boolean, accepted: boolean): void
  returned?(message: ReturnedMessage): void
}

/** Parts of a channel beside the channel of amqplib. */
export interface ChannelParts {
  readonly hooks: ChannelHooks
  readonly replyTimeoutMs: number
  readonly backlog: Backlog
  /** Called when the broker violates the protocol, so that nothing it sends on this connection is reliable. */
  onBreach(reason: ConnectionError): void
  /** The `frame_max` of the handshake; `undefined` if amqplib does not expose it. */
  readonly frameMax: number | undefined
  readonly tracers: OtherTracers
  /** Writers for what is written without amqplib. The order is kept. */
  readonly frames?: ChannelFrames | undefined
}
