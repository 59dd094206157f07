import { describeFailure, type Failure } from '../../errors/failure.js'
import type { LeveretError } from '../../errors/leveret-error.js'
import type { DeadLetterReason } from '../../headers/dead-letter-reason.js'
import type { LogLines, WarningCodes } from '../../log.js'

/** The fields that all events of a role have. */
export interface RoleEvent {
  readonly role: 'worker' | 'subscriber' | 'rpc-server'
  /**
   * The queue or stream that the role consumes. An ephemeral subscriber names the queue that it has or had last, and
   * `''` before the first one.
   */
  readonly queue: string
}

/** The fields of an event about one delivery. */
export interface DeliveryEvent extends RoleEvent {
  readonly messageId: string | undefined
  /** The attempt that the event is about, from 1. */
  readonly attempt: number
  /**
   * How long the attempt took, or has taken so far, in milliseconds with fractions: interceptors, deduplication and
   * handler, without the wait before it and the settlement after it. 0 when the attempt never began.
   */
  readonly durationMs: number
  /** The offset of the message, if it comes from a stream. */
  readonly offset?: number
}

/** The events of a worker, by name. */
export interface WorkerEvents {
  /** Handled, and acknowledged (`basic.ack`). */
  readonly 'delivery.acked': DeliveryEvent
  /** An attempt has failed. The next one is made after `afterMs`. */
  readonly 'delivery.retried': DeliveryEvent & { readonly afterMs: number; readonly failure: Failure }
  /** Given up, and kept in the dead-letter queue. */
  readonly 'delivery.dead-lettered': DeliveryEvent & { readonly reason: DeadLetterReason; readonly failure: Failure }
  /** The delivery was given up, and the contract says `deadLetter: false`, or the worker `acknowledge: 'none'`. */
  readonly 'delivery.dropped': DeliveryEvent & { readonly reason: DeadLetterReason; readonly failure: Failure }
  /**
   * The channel was lost before the delivery was settled, so the broker delivers the message again. With
   * `acknowledge: 'none'` the handler did not begin, and the message comes again only if the broker had not processed
   * the ack.
   */
  readonly 'delivery.stale': DeliveryEvent
  /** The copy can never be stored. The delivery stays unacknowledged, and uses one place of the prefetch. */
  readonly 'delivery.stuck': DeliveryEvent & { readonly error: Error }
  /**
   * Subscribers only: the message was acknowledged and not handled, because no template matches it, or no binding key
   * does.
   */
  readonly 'delivery.ignored': DeliveryEvent
  /** The message was acknowledged without being handled, because a message with its id has been handled. */
  readonly 'delivery.skipped': DeliveryEvent
  /** The message waits, because one with its id is being handled. It comes again as the same attempt. */
  readonly 'delivery.postponed': DeliveryEvent & { readonly afterMs: number }
  /** The handler gave the message back to its queue (`basic.nack(requeue=true)`). */
  readonly 'delivery.requeued': DeliveryEvent
  /**
   * The message was requeued (`basic.nack(requeue=true)`) before its handler began, or because `close`
   * ended its attempt. That is no failed attempt.
   */
  readonly 'delivery.given-back': DeliveryEvent
  /**
   * The broker refused the copy for a later attempt or for the dead-letter queue, because a queue is full, or because
   * the dead-letter queue or a right to it is missing. The copy is tried again until it is stored. Until then the
   * delivery stays unacknowledged, and takes no place from others, up to `consumer.full`. Emitted once for each
   * delivery.
   */
  readonly 'delivery.copy-refused': DeliveryEvent & { readonly error: LeveretError }
  /** The handler settled a delivery that was settled already, or whose time was up. The call changed nothing. */
  readonly 'delivery.settled-twice': DeliveryEvent
  /** The message came back unsettled so often that it is handled alone: it may crash the processes that handle it. */
  readonly 'delivery.isolated': DeliveryEvent
  /** The deduplication store failed after the handler had ended, so the message may be handled again. */
  readonly 'delivery.not-remembered': DeliveryEvent & { readonly error: unknown }
  /**
   * The handler finished its work after its time was up, and its result was dropped. With a `failure`: the handler
   * failed after it had settled the delivery, which changes nothing.
   */
  readonly 'handler.late': DeliveryEvent & { readonly failure?: Failure }
  /**
   * The consumer takes no more deliveries, because too many wait for copies that the broker refuses: 1,000, or the
   * prefetch if that is more, or if the queue has a single active consumer. It continues by itself when copies can be
   * stored again.
   */
  readonly 'consumer.full': RoleEvent & { readonly deliveries: number }
  /**
   * `close` has ended while handlers still ran: those of `deliveries` deliveries that were not settled, whose messages
   * the broker delivers again unless they were acknowledged first; and of `hung` deliveries whose handlers had been
   * given up over their time before.
   */
  readonly 'close.incomplete': RoleEvent & { readonly deliveries: number; readonly hung: number }
  /** Deliveries no longer begin: `pause` was called, or too many attempts have failed. */
  readonly paused: RoleEvent & { readonly by: 'call' | 'breaker' }
  /** One delivery is tried, after a pause of the circuit breaker. */
  readonly probing: RoleEvent
  /** Consuming resumed. */
  readonly resumed: RoleEvent
  /**
   * The broker cancelled the consumer: the queue was deleted, its node was lost, or an ack took too long. A new
   * consumer follows.
   */
  readonly 'consumer.cancelled': RoleEvent
  /** Consuming has stopped: the broker closed the channel, or the connection was lost. A fresh channel follows. */
  readonly 'channel.lost': RoleEvent & { readonly reason: LeveretError }
  /** The role consumes again, after `channel.lost` or `consumer.cancelled`. */
  readonly 'channel.recovered': RoleEvent
  /** An attempt to consume failed. The next one follows, unless the broker refuses the queue for good. */
  readonly 'consume-failed': RoleEvent & { readonly reason: LeveretError }
}

/** Codes of the process warnings for the first event of each name, if there is no logger. */
export const workerWarnings: WarningCodes<WorkerEvents> = {
  'delivery.retried': 'LEVERET_ATTEMPT_FAILED',
  'delivery.dead-lettered': 'LEVERET_GIVEN_UP',
  'delivery.dropped': 'LEVERET_GIVEN_UP',
  'delivery.copy-refused': 'LEVERET_COPY_REFUSED',
  'delivery.stuck': 'LEVERET_STUCK',
}

/** The log lines for the events of a worker of this queue. */
export function workerLines(queue: string): LogLines<WorkerEvents> {
  return { ...settlementLines(queue), ...deliveryLines(queue), ...consumerLines(queue) }
}

/** The name of a delivery in the log. */
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
    'delivery.retried': (event) => [
      'info',
      `${the(event)} failed; the next attempt is in ${event.afterMs} ms: ${said(event)}`,
    ],
    'delivery.dead-lettered': (event) => [
      'warn',
      `${the(event)} failed and was the last (${event.reason}): ${said(event)}`,
    ],
    'delivery.dropped': (event) => [
      'warn',
      `${the(event)} failed and was the last (${event.reason}); the message was dropped: ${said(event)}`,
    ],
    'delivery.stale': (event) => [
      'info',
      `${the(event)} lost its channel before it was settled, so its result does not count; the broker delivers the message again`,
    ],
    'delivery.stuck': (event) => [
      'error',
      `${the(event)} cannot be settled and stays unacknowledged: ${event.error.message}`,
    ],
    'delivery.ignored': (event) => [
      'info',
      `${the(event)} was ignored: the contract has no template for its routing key`,
    ],
    'delivery.skipped': (event) => ['info', `${the(event)} was skipped: the message has been handled before`],
    'delivery.postponed': (event) => [
      'info',
      `${the(event)} is delivered again in ${event.afterMs} ms: the same message is being handled`,
    ],
    'delivery.given-back': (event) => ['debug', `${the(event)} was requeued`],
    'delivery.copy-refused': (event) => [
      'warn',
      `${the(event)} failed, and the broker refuses its copy; the delivery stays unacknowledged, and the copy is sent again until the broker stores it: ${event.error.message}`,
    ],
  }
}

function deliveryLines(queue: string): LogLines<WorkerEvents> {
  const the = naming(queue)
  return {
    'delivery.settled-twice': (event) => [
      'warn',
      `${the(event)} was already settled; its handler settled it again, which changes nothing`,
    ],
    'delivery.isolated': ({ messageId }) => [
      'warn',
      `${messageId ?? 'a message without id'} from '${queue}' was redelivered unsettled and is now handled alone`,
    ],
    'delivery.not-remembered': (event) => [
      'warn',
      `${the(event)} ended, and the deduplication store failed: ${describeFailure(event.error).message}`,
    ],
    'handler.late': ({ failure, ...event }) => [
      'warn',
      failure === undefined
        ? `${the(event)} ended after its time limit; its result was dropped`
        : `${the(event)} was settled, and its handler failed after that, which changes nothing: ${said({ failure })}`,
    ],
  }
}

function consumerLines(queue: string): LogLines<WorkerEvents> {
  return {
    paused: ({ by, role }) => [
      by === 'call' ? 'info' : 'warn',
      `the ${role} of '${queue}' is paused${by === 'call' ? '' : ': too many attempts failed'}`,
    ],
    probing: ({ role }) => ['info', `the ${role} of '${queue}' tries one delivery before it resumes`],
    resumed: ({ role }) => ['info', `the ${role} of '${queue}' has resumed`],
    'close.incomplete': ({ deliveries, hung, role }) => [
      'warn',
      `the ${role} of '${queue}' has closed while handlers still ran: those of ${deliveries} deliveries, which the broker delivers again unless they were acknowledged first, and of ${hung} that had been given up before`,
    ],
    'consumer.full': ({ deliveries, role }) => [
      'error',
      `the ${role} of '${queue}' accepts no further deliveries: ${deliveries} wait for copies that the broker refuses. Declare the dead-letter queue if it is missing, or make room in it (replay, move or discard), or raise its limit; the ${role} then resumes by itself`,
    ],
    'consumer.cancelled': () => ['warn', `the broker cancelled the consumer of '${queue}'`],
    'channel.lost': ({ reason }) => ['warn', `not consuming '${queue}': ${reason.message}`],
    'channel.recovered': () => ['info', `consuming '${queue}' again`],
    'consume-failed': ({ reason }) => ['warn', `cannot consume '${queue}' yet: ${reason.message}`],
  }
}
