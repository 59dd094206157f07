import type { ReceivedMessage } from '../../message/message.js'

/** How far a stream was read. What is read stays there, so it is for the reader to say where to begin, and nothing is given back. */
export interface Reading {
  /** Where the next consumer begins. */
  readonly offset: number
  /** @returns whether it is to be handled: no consumer has brought it before */
  receive(message: ReceivedMessage): boolean
  /** The number of the attempt that is next, from 1. */
  attemptAt(message: ReceivedMessage): number
}
