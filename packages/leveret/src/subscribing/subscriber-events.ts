import { type RoleEvent, type WorkerEvents, workerLines } from '../consuming/delivery/worker-events.js'
import type { LogLines } from '../log.js'
import type { StreamEvents } from '../streams/stream-events.js'

/** The events of a subscriber, by name. */
export interface SubscriberEvents extends WorkerEvents, StreamEvents {
  /**
   * An ephemeral subscriber had no queue for this long, or was cut off from it. It never gets the messages that were
   * published meanwhile, or that waited in the old queue. A queue of a new name, which this event contains, replaces
   * the old one.
   */
  readonly gap: RoleEvent & { readonly durationMs: number }
  /**
   * A message came that no binding key matches: the queue has another binding, perhaps of an older contract. Emitted
   * once for each routing key. leveret removes no bindings.
   */
  readonly 'binding.unexpected': RoleEvent & { readonly routingKey: string }
}

/** The log lines for the events of a subscriber of this queue. */
export function subscriberLines(queue: string): LogLines<SubscriberEvents> {
  return {
    ...workerLines(queue),
    'delivery.ignored': ({ messageId }) => [
      'info',
      `${messageId ?? 'a message without id'} from '${queue}' was ignored`,
    ],
    gap: ({ durationMs }) => [
      'warn',
      `the subscriber of '${queue}' had no queue for ${durationMs} ms, and missed the messages of that time`,
    ],
    'binding.unexpected': ({ routingKey }) => [
      'warn',
      `'${queue}' got a message with the routing key '${routingKey}', which matches no binding key of its subscriber`,
    ],
    'stream.truncated': ({ from, to }) => [
      'warn',
      `the stream '${queue}' no longer has the offsets ${from} to ${to}, which its subscriber did not read`,
    ],
    'stream.restarted': ({ offset }) => [
      'warn',
      `the stream '${queue}' ends before the offset ${offset}: it was deleted and declared again, so it is read from its first message`,
    ],
    'offset.not-saved': ({ offset, error }) => ['warn', `the offset ${offset} was not saved: ${error.message}`],
  }
}
