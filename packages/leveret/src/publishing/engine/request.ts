import type { Declaration } from '../../amqp/declaration.js'
import type { PublishTrace } from '../../amqp/publish-trace.js'
import type { SenderShare } from '../../connection/queued-messages.js'
import type { OutgoingMessage } from '../../message/message.js'
import type { SenderLine } from './turns.js'

/** Declarations that a message needs. A topology is identified by its array, and each array is declared once. */
export type Topology = readonly Declaration[]

/** A message that the broker has stored. */
export interface Sent {
  readonly messageId: string
}

/** A message that the broker has confirmed. */
export interface Published {
  readonly messageId: string
  /**
   * Whether a queue has the message. `false`: no queue was bound for it, and it is gone. `undefined`: unknown. Either
   * the connection was lost, and no queue took the message when it was sent again, but one may have taken it before. Or
   * an `x-delayed-message` exchange holds it back.
   */
  readonly routed: boolean | undefined
}

/** A message that a role passes to the publish engine, with all that concerns its sending. */
export interface PublishRequest {
  readonly message: OutgoingMessage
  /** Whether the id was made for this message, so that no other message has it yet. */
  readonly hasNewId?: boolean
  /** Declarations that must exist first. */
  readonly topology: Topology
  /** The line in which it waits. Messages of one line keep their order. */
  readonly line: SenderLine
  /** The share of waiting messages that it counts for. */
  readonly share: SenderShare
  /**
   * Whether the message is accepted even if there is no room. Its sender has few such messages at a time: each replaces
   * a delivery, or the sender brings the next only when few wait.
   */
  readonly patient?: boolean
  /**
   * How long to try, in milliseconds. `Infinity`: until it succeeds, is refused, or the signal is aborted. Then it is
   * also never refused for its size.
   */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /**
   * Called if no queue takes the message, which then is no failure. Must not throw.
   *
   * @param isSure - `false` if the message was sent before, so that a queue may have taken that copy
   */
  readonly whenReturned?: ((isSure: boolean) => void) | undefined
  /** Trace of the publish, if there is a subscriber. */
  readonly trace?: PublishTrace
  /** Whether to refuse the message rather than let it wait. */
  readonly failFast?: boolean | undefined
}
