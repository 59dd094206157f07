import type { QueueDeclaration } from '../connection/channel.js'
import type { OutgoingMessage } from '../connection/message.js'

/** What must exist before a message can be sent. Told apart by identity: the same list is declared once. */
export type Topology = readonly QueueDeclaration[]

/** What a role hands over. */
export interface PublishRequest {
  readonly message: OutgoingMessage
  /** What must exist first. */
  readonly topology: Topology
  /** `Infinity`: until it succeeds, is refused, or the signal is aborted. Such a message is never refused for lack of room. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Refuse it rather than let it wait. */
  readonly failFast?: boolean | undefined
}
