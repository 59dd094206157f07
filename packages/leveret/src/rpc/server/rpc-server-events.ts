import type { ActiveDelivery } from '../../consuming/delivery/active-delivery.js'
import {
  type DeliveryEvent,
  type RoleEvent,
  type WorkerEvents,
  workerLines,
} from '../../consuming/delivery/worker-events.js'
import { describeFailure, type Failure } from '../../errors/failure.js'
import type { LeveretError } from '../../errors/leveret-error.js'
import type { RemoteFailure } from '../../errors/rpc-errors.js'
import type { Events } from '../../events.js'
import type { LogLines, WarningCodes } from '../../log.js'
import type { Lateness } from './request-time.js'

/** The fields of an event about one request. */
export interface RequestEvent extends DeliveryEvent {
  readonly correlationId: string | undefined
}

/** The names of the events that a worker and an RPC server have in common. */
export type SharedEventName =
  | 'delivery.stale'
  | 'delivery.stuck'
  | 'delivery.isolated'
  | 'delivery.given-back'
  | 'close.incomplete'
  | 'handler.late'
  | 'consumer.cancelled'
  | 'channel.lost'
  | 'channel.recovered'
  | 'consume-failed'

/** The events of an RPC server, by name. */
export interface RpcServerEvents extends Pick<WorkerEvents, SharedEventName> {
  /** The request was answered with a response, or with the declared error of this code. */
  readonly 'request.answered': RequestEvent & { readonly code: string | undefined }
  /** The request was answered with an error that contains only the `reason`. The `failure` is for this side alone. */
  readonly 'request.failed': RequestEvent & {
    readonly reason: Exclude<RemoteFailure, 'unknown'>
    readonly failure: Failure
  }
  /** The client no longer waits, so no reply was sent: before the handler began, or after it had ended (`begun`). */
  readonly 'request.expired': RequestEvent & Lateness & { readonly begun: boolean }
  /** The request has no `replyTo`. It was acknowledged and not handled. */
  readonly 'request.unanswerable': RequestEvent
  /** The reply could not be encoded. The request was acknowledged, because it has been handled. */
  readonly 'reply.failed': RequestEvent & { readonly error: unknown }
  /**
   * The broker closed the channel of the replies, perhaps over one of them. Replies written just before may not have
   * arrived. If the right to reply is missing (403), the server takes no more requests until the right is granted:
   * `consume-failed` follows.
   */
  readonly 'replies.lost': RoleEvent & { readonly reason: LeveretError }
}

/** The common fields of the events about a request. */
export function requestEventOf({ queue, messageId, attempt, durationMs, correlationId }: ActiveDelivery): RequestEvent {
  return { role: 'rpc-server', queue, messageId, attempt, durationMs, correlationId }
}

const SHARED: Readonly<Record<SharedEventName, true>> = {
  'delivery.stale': true,
  'delivery.stuck': true,
  'delivery.isolated': true,
  'delivery.given-back': true,
  'close.incomplete': true,
  'handler.late': true,
  'consumer.cancelled': true,
  'channel.lost': true,
  'channel.recovered': true,
  'consume-failed': true,
}

/** Forwards the events of the engine that a server has too. */
export function shareEvents(from: Events<WorkerEvents>, to: Events<RpcServerEvents>): void {
  // Both maps have the same payload under the same name.
  for (const name of Object.keys(SHARED) as SharedEventName[])
    from.on(name, (payload) => to.emit(name, payload as never))
}

function clocks({ clocksDifferByMs }: RpcServerEvents['request.expired']): string {
  if (clocksDifferByMs === 0) return ''
  return `. The clocks of its client and of this machine differ by ${clocksDifferByMs} ms or more`
}

/** Codes of the process warnings for the first event of each name, if there is no logger. */
export const requestWarnings: WarningCodes<RpcServerEvents> = {
  'request.failed': 'LEVERET_REQUEST_FAILED',
  'reply.failed': 'LEVERET_REPLY_FAILED',
  'delivery.stuck': 'LEVERET_STUCK',
}

/** The log lines for the events of a server of this procedure. */
export function requestLines(procedure: string): LogLines<RpcServerEvents> {
  const the = ({ messageId }: RequestEvent): string => `request ${messageId ?? 'without id'} to '${procedure}'`
  return {
    ...workerLines(procedure),
    'request.failed': (event) => {
      const { name, message } = event.failure
      return ['warn', `${the(event)} was answered with an error (${event.reason}): ${name}: ${message}`]
    },
    'request.expired': (event) => [
      'info',
      `${the(event)} has no answer: its time limit passed ${event.begun ? 'before its handler ended' : 'before its handler began'}${clocks(event)}`,
    ],
    'request.unanswerable': (event) => ['warn', `${the(event)} was dropped: it has no replyTo`],
    'replies.lost': ({ reason }) => ['warn', `answers of '${procedure}' may be lost: ${reason.message}`],
    'reply.failed': (event) => [
      'warn',
      `${the(event)} was handled, but its answer was not sent: ${describeFailure(event.error).message}`,
    ],
  }
}
