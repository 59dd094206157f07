import { endPublish, type PublishOrigin, publishing, tracePublish } from '../amqp/publish-trace.js'
import type { Connection } from '../connection/connection.js'
import { internalsOf } from '../connection/connection.js'
import { SenderShare } from '../connection/queued-messages.js'
import type { OutgoingMessage } from '../message/message.js'
import { publishEngineOf } from './engine/publish-engine-of.js'
import type { PublishRequest, Topology } from './engine/request.js'
import { SenderLine } from './engine/turns.js'

/** Publishes a copy of a delivery. Settles as the broker answers, or rejects when the signal is aborted. */
export type PublishCopy = (message: OutgoingMessage, topology: Topology, signal: AbortSignal) => Promise<unknown>

/**
 * Returns a function that publishes copies of deliveries for consumers. Their number has no bound here, because each
 * copy replaces a delivery, and the prefetch bounds those.
 *
 * @param role - role that makes the copies, and its contract
 * @param timeoutMs - by default only the signal ends a publish; it is aborted when the delivery's channel ends
 */
export function publishCopies(
  rabbit: Connection,
  role: Omit<PublishOrigin, 'connection'>,
  timeoutMs = Number.POSITIVE_INFINITY,
): PublishCopy {
  const engine = publishEngineOf(rabbit)
  const { name: connection, publishLane } = internalsOf(rabbit)
  const [line, share, patient] = [new SenderLine(), new SenderShare(), true]
  const traced = (request: PublishRequest): Promise<unknown> => {
    const { message } = request
    const { copy: kind = 'retry' } = message
    const place = { connection, ...role, kind, destination: role.contract, server: publishLane.server }
    return tracePublish(place, message, (sent, trace) =>
      engine.submit({ ...request, message: sent, trace }, (error) => endPublish(trace, error)),
    )
  }
  return (message, topology, signal) => {
    const request = { message, topology, line, share, patient, timeoutMs, signal }
    return publishing.hasSubscribers ? traced(request) : engine.submit(request)
  }
}
