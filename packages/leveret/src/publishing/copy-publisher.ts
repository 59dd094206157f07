import type { Connection } from '../connection/connection.js'
import { Share } from '../connection/room.js'
import type { OutgoingMessage } from '../message/message.js'
import { publishEngineOf } from './publish-engine-of.js'
import type { Topology } from './request.js'
import { Line } from './turns.js'

/** Publishes a copy of a delivery. Settles as the broker answers, or rejects when the signal is aborted. */
export type PublishCopy = (message: OutgoingMessage, topology: Topology, signal: AbortSignal) => Promise<unknown>

/**
 * Publishes copies of deliveries for those who consume: without a bound, because each takes the place of a delivery that the prefetch
 * has bound.
 *
 * @param timeoutMs - by default none but the signal, which is the life of the delivery's channel
 */
export function publishCopies(rabbit: Connection, timeoutMs = Number.POSITIVE_INFINITY): PublishCopy {
  const engine = publishEngineOf(rabbit)
  const [line, share, patient] = [new Line(), new Share(), true]
  return (message, topology, signal) => engine.submit({ message, topology, line, share, patient, timeoutMs, signal })
}
