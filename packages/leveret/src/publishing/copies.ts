import type { Connection } from '../connection/connection.js'
import type { OutgoingMessage } from '../connection/message.js'
import { outboxOf } from './outbox-of.js'
import type { Topology } from './request.js'

/**
 * Publishes copies of deliveries for those who consume: without a time limit but the signal, which is the life of the
 * delivery's channel, and without a bound, because each takes the place of a delivery that the prefetch has bound.
 */
export function publishCopies(
  rabbit: Connection,
): (message: OutgoingMessage, topology: Topology, signal: AbortSignal) => Promise<unknown> {
  const outbox = outboxOf(rabbit)
  return (message, topology, signal) =>
    outbox.submit({ message, topology, timeoutMs: Number.POSITIVE_INFINITY, signal })
}
