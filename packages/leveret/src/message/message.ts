import type { AsyncResource } from 'node:async_hooks'
import type { HEADER_BYTES } from './header-bytes.js'

/** Headers of a message, by name. */
export type Headers = Readonly<Record<string, unknown>>

/** The basic properties of AMQP 0-9-1, named and typed as the wire has them. */
export interface MessageProperties {
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
  readonly headers?: Headers | undefined
  /** 2 is persistent. */
  readonly deliveryMode?: number | undefined
  readonly priority?: number | undefined
  readonly correlationId?: string | undefined
  readonly replyTo?: string | undefined
  /** Milliseconds, as text. */
  readonly expiration?: string | undefined
  readonly messageId?: string | undefined
  /** Whole seconds since 1970. */
  readonly timestamp?: number | undefined
  readonly type?: string | undefined
  readonly userId?: string | undefined
  readonly appId?: string | undefined
  /** The headers as they came, where they did. */
  readonly [HEADER_BYTES]?: Buffer
}

/**
 * What kind of message leveret makes of a delivery:
 * - `retry`: waits for a later attempt
 * - `dead-letter`: what is kept of a delivery that was given up
 * - `replay`: a dead letter on its way back to work
 * - `move`: a dead letter on its way to another place, or to the end of its own queue
 */
export type CopyKind = 'retry' | 'dead-letter' | 'replay' | 'move'

/** A message on its way to the broker. */
export interface OutgoingMessage {
  /** `''` is the default exchange: it routes to the queue named by the routing key. */
  readonly exchange: string
  readonly routingKey: string
  readonly content: Buffer
  readonly properties: MessageProperties & { readonly messageId: string }
  /** Of a message that leveret makes of a delivery: what it is. */
  readonly copy?: CopyKind
  /** Whether the broker returns it when no queue takes it. */
  readonly mandatory: boolean
  /** Makes properties of the same message that take no more bytes than this, where a connection's frames hold no more of them. */
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

/** A message that the broker gave back because no queue took it. It precedes its own confirm. */
export interface ReturnedMessage {
  readonly messageId: string
  readonly correlationId?: string
  readonly replyCode: number
  readonly replyText: string
}
