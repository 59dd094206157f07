import type { AsyncResource } from 'node:async_hooks'
import type { HEADER_BYTES } from './header-bytes.js'

/** Headers of a message, by name. */
export type Headers = Readonly<Record<string, unknown>>

/** The basic properties of AMQP 0-9-1, with the names of amqplib and the types of the wire. */
export interface MessageProperties {
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
  readonly headers?: Headers | undefined
  /** 2 for a persistent message. */
  readonly deliveryMode?: number | undefined
  readonly priority?: number | undefined
  readonly correlationId?: string | undefined
  readonly replyTo?: string | undefined
  /** Milliseconds, as a text. */
  readonly expiration?: string | undefined
  readonly messageId?: string | undefined
  /** Whole seconds since 1970. */
  readonly timestamp?: number | undefined
  readonly type?: string | undefined
  readonly userId?: string | undefined
  readonly appId?: string | undefined
  /** The bytes of the headers, if the message was received. */
  readonly [HEADER_BYTES]?: Buffer
}

/**
 * The kind of a message that leveret makes of a delivery:
 * - `retry`: a copy that waits for a later attempt
 * - `dead-letter`: a copy of a delivery that was given up
 * - `replay`: a dead letter on its way back to work
 * - `move`: a dead letter on its way to another place, or to the end of its own queue
 */
export type CopyKind = 'retry' | 'dead-letter' | 'replay' | 'move'

/** A message to be sent to the broker. */
export interface OutgoingMessage {
  /** `''` is the default exchange: it routes to the queue named by the routing key. */
  readonly exchange: string
  readonly routingKey: string
  readonly content: Buffer
  readonly properties: MessageProperties & { readonly messageId: string }
  /** Kind of the copy, if leveret makes the message of a delivery. */
  readonly copy?: CopyKind
  /** Whether the broker returns the message if no queue takes it. */
  readonly mandatory: boolean
  /** Makes smaller properties of the same message, for a connection whose frames are too small for `properties`. */
  readonly shrink?: (maxPropertyBytes: number) => MessageProperties
}

/** A message as the broker delivered it on one channel. */
export interface ReceivedMessage {
  readonly content: Buffer
  readonly properties: MessageProperties
  readonly fields: {
    readonly deliveryTag: number
    readonly redelivered: boolean
    readonly exchange: string
    readonly routingKey: string
  }
  /** The async context that a tracer of another library has made for it: its handler runs there. */
  readonly context?: AsyncResource
}

/**
 * A message that the broker returned because no queue took it (`basic.return`). The confirm of the same message
 * follows.
 */
export interface ReturnedMessage {
  readonly messageId: string
  readonly correlationId?: string
  readonly replyCode: number
  readonly replyText: string
}
