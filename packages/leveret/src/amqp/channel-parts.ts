import type { ConnectionError } from '../errors/connection-error.js'
import type { LeveretError } from '../errors/leveret-error.js'
import type { ReturnedMessage } from '../message/message.js'
import type { Backlog } from './backlog.js'
import type { PublishFrames } from './frames/publish-frames.js'
import type { OtherTracers } from './other-tracers.js'

/** What a channel tells the one who opened it. None of these may throw. */
export interface ChannelHooks {
  /** Once, however the channel ended: the broker closed it, its connection went away, or we closed it. */
  closed?(reason: LeveretError): void
  /** The broker answered for one publish, or for all up to this one. Tags count from 1 on each channel. */
  confirmed?(tag: number, multiple: boolean, accepted: boolean): void
  returned?(message: ReturnedMessage): void
}

/** What a channel is made of, beside amqplib's. */
export interface ChannelParts {
  readonly hooks: ChannelHooks
  readonly replyTimeoutMs: number
  readonly backlog: Backlog
  /** The broker does not keep to the protocol: nothing that this connection says can be relied on. */
  onBreach(reason: ConnectionError): void
  /** The size of frames agreed on; `undefined` when amqplib does not say. */
  readonly frameMax: number | undefined
  readonly tracers: OtherTracers
  /** Writes what it can, in order with what amqplib writes, which writes the rest. */
  readonly frames?: PublishFrames | undefined
}
