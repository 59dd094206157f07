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

/** A message to be sent to the broker. */
export interface OutgoingMessage {
  /** `''` is the default exchange: it routes to the queue named by the routing key. */
  readonly exchange: string
  readonly routingKey: string
  readonly content: Buffer
  readonly properties: MessageProperties & { readonly messageId: string }
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
