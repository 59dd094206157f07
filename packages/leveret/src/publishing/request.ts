import type { Declaration } from '../amqp/declaration.js'
import type { PublishTrace } from '../amqp/publish-trace.js'
import type { Share } from '../connection/room.js'
import type { OutgoingMessage } from '../message/message.js'
import type { Line } from './turns.js'

/** What must exist before a message can be sent. Told apart by identity: the same list is declared once. */
export type Topology = readonly Declaration[]

/** A message that the broker has stored. */
export interface Sent {
  readonly messageId: string
}

/** A message that the broker has confirmed. */
export interface Published {
  readonly messageId: string
  /**
   * Whether a queue has it. `false`: nobody listens for it, and it is gone. `undefined`: nobody knows. Its connection was lost, no
   * queue took it when it was sent again, and one may have taken it before; or an `x-delayed-message` exchange holds it back.
   */
  readonly routed: boolean | undefined
}

/** What a role hands over. */
export interface PublishRequest {
  readonly message: OutgoingMessage
  /** Whether its id was made for it, so that no other message has it yet. */
  readonly hasNewId?: boolean
  /** What must exist first. */
  readonly topology: Topology
  /** Behind what it waits, and in front of what: the messages of one line keep their order. */
  readonly line: Line
  /** With what it waits. */
  readonly share: Share
  /**
   * It is not refused for lack of room: whoever sends it has few of them at a time, because each takes the place of a delivery, or because he
   * brings the next only when few wait.
   */
  readonly patient?: boolean
  /** `Infinity`: until it succeeds, is refused, or the signal is aborted. Such a message is never refused for its size. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /**
   * Makes it no failure that no queue takes the message; called when it is so. Must not throw.
   *
   * @param isSure - `false` when it was sent before, and that copy may have found a queue
   */
  readonly whenReturned?: ((isSure: boolean) => void) | undefined
  /** What is told of it, where somebody listens. */
  readonly trace?: PublishTrace
  /** Refuse it rather than let it wait. */
  readonly failFast?: boolean | undefined
}
