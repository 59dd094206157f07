import { type RoleEvent, type WorkerEvents, workerLines } from '../consuming/delivery/worker-events.js'
import type { LogLines } from '../log.js'
import type { StreamEvents } from '../streams/stream-events.js'

/** What happens to a subscriber and to what it gets. */
export interface SubscriberEvents extends WorkerEvents, StreamEvents {
  /**
   * An ephemeral subscriber had no queue for this long, or none that it could hear of: what was published meanwhile it never
   * gets, nor what waited in the old queue. A queue of a new name, which this event names, has taken over.
   */
  readonly gap: RoleEvent & { readonly durationMs: number }
  /**
   * A message came that none of the binding keys brings: the queue has another binding, of an older contract perhaps. Told once
   * for each routing key. leveret removes no binding.
   */
  readonly 'binding.unexpected': RoleEvent & { readonly routingKey: string }
}

/** How they read in the log of a subscriber of this queue. */
export function subscriberLines(queue: string): LogLines<SubscriberEvents> {
  return {
    ...workerLines(queue),
    'delivery.ignored': ({ messageId }) => [
      'info',
      `${messageId ?? 'a message without id'} from '${queue}' was ignored`,
    ],
    gap: ({ durationMs }) => [
      'warn',
      `the subscriber of '${queue}' had no queue for ${durationMs} ms, and missed what came`,
    ],
    'binding.unexpected': ({ routingKey }) => [
      'warn',
      `'${queue}' got a message with the routing key '${routingKey}', which no binding key of its subscriber brings`,
    ],
    'stream.truncated': ({ from, to }) => [
      'warn',
      `the stream '${queue}' no longer has the offsets ${from} to ${to}, which its subscriber has not read`,
    ],
    'stream.restarted': ({ offset }) => [
      'warn',
      `the stream '${queue}' ends before the offset ${offset}: it was made anew, and is read from the first message on`,
    ],
    'offset.not-saved': ({ offset, error }) => ['warn', `the offset ${offset} was not saved: ${error.message}`],
  }
}
