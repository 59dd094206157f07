import type { ReceivedMessage } from '../../message/message.js'

/**
 * The position in a stream. A stream keeps its messages, so the reader itself chooses where to begin, and nothing is
 * given back.
 */
export interface StreamPosition {
  /** The offset at which the next consumer begins. */
  readonly offset: number
  /** Notes a message. @returns whether to handle it: `false` when an earlier consumer has brought it already */
  receive(message: ReceivedMessage): boolean
  /** The number of the next attempt at a message, from 1. */
  attemptAt(message: ReceivedMessage): number
}
