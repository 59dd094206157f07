import type { LeveretError } from '../../errors/errors.js'
import { describeFailure, type Failure } from '../../errors/failure.js'
import type { DeadLetterReason } from '../../headers/dead-letter-reason.js'
import type { LogLines, WarningCodes } from '../../log.js'

/** What each event of a role says of that role. */
export interface RoleEvent {
  readonly role: 'worker' | 'subscriber' | 'rpc-server'
  /** The queue or stream that it consumes. Of an ephemeral subscriber the queue that it has or had last, and `''` before the first one. */
  readonly queue: string
}

/** A delivery in an event. */
export interface DeliveryEvent extends RoleEvent {
  readonly messageId: string | undefined
  /** The attempt that the event is about, from 1. */
  readonly attempt: number
  /**
   * How long the attempt took, in milliseconds with fractions, or has taken so far: interceptors, deduplication and handler, and neither
   * the wait before it nor the settlement after it. 0 when it never began.
   */
  readonly durationMs: number
  /** Of what came from a stream: where it stands there. */
  readonly offset?: number
}

/** What happens to a worker and to what it works on. */
export interface WorkerEvents {
  readonly 'delivery.acked': DeliveryEvent
  readonly 'delivery.retried': DeliveryEvent & { readonly afterMs: number; readonly failure: Failure }
  readonly 'delivery.dead-lettered': DeliveryEvent & { readonly reason: DeadLetterReason; readonly failure: Failure }
  /** Given up, and the contract says `deadLetter: false`, or the worker `acknowledge: 'none'`. */
  readonly 'delivery.dropped': DeliveryEvent & { readonly reason: DeadLetterReason; readonly failure: Failure }
  /**
   * The channel was lost before it was settled. The broker delivers it again; with `acknowledge: 'none'` only if it had not read the
   * ack, and without that knowledge the handler did not begin.
   */
  readonly 'delivery.stale': DeliveryEvent
  /** Neither its copy nor its ack can ever be stored. It stays unacknowledged, as one of those that the prefetch allows. */
  readonly 'delivery.stuck': DeliveryEvent & { readonly error: Error }
  /** Subscribers only: acknowledged and not handled, because no template matches it, or none of the binding keys does. */
  readonly 'delivery.ignored': DeliveryEvent
  /** Acknowledged without being handled: under its id that has been done. */
  readonly 'delivery.skipped': DeliveryEvent
  /** Not handled yet, because under its id that is being done. It comes again, as the same attempt. */
  readonly 'delivery.postponed': DeliveryEvent & { readonly afterMs: number }
  /** Given back to its queue by its handler. */
  readonly 'delivery.requeued': DeliveryEvent
  /** Given back to its queue before it began, or because `close` ended its attempt. That is no failed attempt. */
  readonly 'delivery.given-back': DeliveryEvent
  /**
   * The broker has refused its copy for a later attempt or for the dead-letter queue, as a full queue does. The copy is tried again
   * until it is stored; until then the delivery stays unacknowledged, and takes no place from others, up to `consumer.full`. Told once
   * for each delivery.
   */
  readonly 'delivery.copy-refused': DeliveryEvent & { readonly error: LeveretError }
  /** Its handler settled what had been settled, or whose time was up. Nothing came of it. */
  readonly 'delivery.settled-twice': DeliveryEvent
  /** It has come back unsettled so often that it is handled alone: it may be what ends the processes that handle it. */
  readonly 'delivery.isolated': DeliveryEvent
  /** The store for deduplication failed when its work had ended: it may be handled again. */
  readonly 'delivery.not-remembered': DeliveryEvent & { readonly error: unknown }
  /**
   * The handler did its work after its time was up, and its result was dropped; or it failed after it had settled the delivery, with
   * this `failure`, and that changes nothing.
   */
  readonly 'handler.late': DeliveryEvent & { readonly failure?: Failure }
  /**
   * So many deliveries wait for copies that the broker refuses that nothing more is taken: 1,000, or the prefetch where that is more, or
   * where only one consumer is active. It goes on by itself when copies are stored again.
   */
  readonly 'consumer.full': RoleEvent & { readonly deliveries: number }
  /** `close` has ended while handlers of so many deliveries still ran. The broker delivers those again. */
  readonly 'close.incomplete': RoleEvent & { readonly deliveries: number }
  /** Nothing more begins: somebody called `pause`, or too many attempts have failed. */
  readonly paused: RoleEvent & { readonly by: 'call' | 'breaker' }
  /** After a pause of the breaker one delivery is tried. */
  readonly probing: RoleEvent
  /** All goes on. */
  readonly resumed: RoleEvent
  /** The broker took the consumer away: the queue was deleted, its node was lost, or an ack took too long. A fresh one follows. */
  readonly 'consumer.cancelled': RoleEvent
  readonly 'channel.lost': RoleEvent & { readonly reason: LeveretError }
  /** Consuming again, after `channel.lost` or `consumer.cancelled`. */
  readonly 'channel.recovered': RoleEvent
  /** A try to consume failed; the next follows, unless the queue is refused for good. */
  readonly 'consume-failed': RoleEvent & { readonly reason: LeveretError }
}

/** What is a process warning for the first time, where there is no logger. */
export const workerWarnings: WarningCodes<WorkerEvents> = {
  'delivery.retried': 'LEVERET_ATTEMPT_FAILED',
  'delivery.dead-lettered': 'LEVERET_GIVEN_UP',
  'delivery.dropped': 'LEVERET_GIVEN_UP',
  'delivery.copy-refused': 'LEVERET_COPY_REFUSED',
  'delivery.stuck': 'LEVERET_STUCK',
}

/** How they read in the log of a worker of this queue. */
export function workerLines(queue: string): LogLines<WorkerEvents> {
  return { ...settlementLines(queue), ...deliveryLines(queue), ...consumerLines(queue) }
}

/** How a delivery is called in the log. */
function naming(queue: string): (event: DeliveryEvent) => string {
  return ({ messageId, attempt, offset }) =>
    `attempt ${attempt} of ${messageId ?? 'a message without id'} from '${queue}'${offset === undefined ? '' : `, offset ${offset}`}`
}

function said({ failure: { name, message } }: { failure: Failure }): string {
  return `${name}: ${message}`
}

function settlementLines(queue: string): LogLines<WorkerEvents> {
  const the = naming(queue)
  return {
    'delivery.retried': (event) => ['info', `${the(event)} failed; the next is in ${event.afterMs} ms: ${said(event)}`],
    'delivery.dead-lettered': (event) => ['warn', `${the(event)} was the last (${event.reason}): ${said(event)}`],
    'delivery.dropped': (event) => ['warn', `${the(event)} was the last (${event.reason}); dropped: ${said(event)}`],
    'delivery.stale': (event) => [
      'info',
      `${the(event)} lost its channel while it was in hand, so its result does not count; the broker delivers it again`,
    ],
    'delivery.stuck': (event) => [
      'error',
      `${the(event)} cannot be settled and stays unacknowledged: ${event.error.message}`,
    ],
    'delivery.ignored': (event) => ['info', `${the(event)} was ignored: its contract does not know it`],
    'delivery.skipped': (event) => ['info', `${the(event)} was skipped: it has been handled before`],
    'delivery.postponed': (event) => [
      'info',
      `${the(event)} comes again in ${event.afterMs} ms: the same message is being handled`,
    ],
    'delivery.given-back': (event) => ['debug', `${the(event)} was given back to its queue`],
    'delivery.copy-refused': (event) => [
      'warn',
      `${the(event)} has failed, and the broker refuses the copy that is to be kept of it; it stays unacknowledged and is tried again until there is room: ${event.error.message}`,
    ],
  }
}

function deliveryLines(queue: string): LogLines<WorkerEvents> {
  const the = naming(queue)
  return {
    'delivery.settled-twice': (event) => [
      'warn',
      `${the(event)} had been settled; its handler settled it again, which changes nothing`,
    ],
    'delivery.isolated': ({ messageId }) => [
      'warn',
      `${messageId ?? 'a message without id'} from '${queue}' came back unsettled and is handled alone`,
    ],
    'delivery.not-remembered': (event) => [
      'warn',
      `${the(event)} has ended, and the store for deduplication failed: ${describeFailure(event.error).message}`,
    ],
    'handler.late': ({ failure, ...event }) => [
      'warn',
      failure === undefined
        ? `${the(event)} ended after its time was up; its result was dropped`
        : `${the(event)} was settled, and its handler failed after that, which changes nothing: ${said({ failure })}`,
    ],
  }
}

function consumerLines(queue: string): LogLines<WorkerEvents> {
  return {
    paused: ({ by, role }) => [
      by === 'call' ? 'info' : 'warn',
      `the ${role} of '${queue}' has paused${by === 'call' ? '' : ': too many attempts failed'}`,
    ],
    probing: ({ role }) => ['info', `the ${role} of '${queue}' tries one delivery`],
    resumed: ({ role }) => ['info', `the ${role} of '${queue}' goes on`],
    'close.incomplete': ({ deliveries, role }) => [
      'warn',
      `the ${role} of '${queue}' has closed while handlers of ${deliveries} deliveries still ran; the broker delivers those again`,
    ],
    'consumer.full': ({ deliveries, role }) => [
      'error',
      `the ${role} of '${queue}' takes no more: ${deliveries} deliveries wait for copies that the broker refuses. Make room in its dead-letter queue (replay, move or discard), or raise that queue's limit; it then goes on by itself`,
    ],
    'consumer.cancelled': () => ['warn', `the broker cancelled the consumer of '${queue}'`],
    'channel.lost': ({ reason }) => ['warn', `not consuming '${queue}': ${reason.message}`],
    'channel.recovered': () => ['info', `consuming '${queue}' again`],
    'consume-failed': ({ reason }) => ['warn', `cannot consume '${queue}' yet: ${reason.message}`],
  }
}
