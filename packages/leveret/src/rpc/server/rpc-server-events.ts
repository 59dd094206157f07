import type { ActiveDelivery } from '../../consuming/delivery/active-delivery.js'
import {
  type DeliveryEvent,
  type RoleEvent,
  type WorkerEvents,
  workerLines,
} from '../../consuming/delivery/worker-events.js'
import type { ToldFailure } from '../../contract/procedures/answer.js'
import type { LeveretError } from '../../errors/errors.js'
import { describeFailure, type Failure } from '../../errors/failure.js'
import type { Events } from '../../events.js'
import type { LogLines, WarningCodes } from '../../log.js'
import type { Lateness } from './request-time.js'

/** A request in an event. */
export interface RequestEvent extends DeliveryEvent {
  readonly correlationId: string | undefined
}

/** What happens to a worker and to the server of a procedure alike. */
const SHARED = [
  'delivery.stale',
  'delivery.stuck',
  'delivery.isolated',
  'delivery.given-back',
  'close.incomplete',
  'handler.late',
  'consumer.cancelled',
  'channel.lost',
  'channel.recovered',
  'consume-failed',
] as const satisfies readonly (keyof WorkerEvents)[]

/** What happens to the server of a procedure, and to what it is asked. */
export interface RpcServerEvents extends Pick<WorkerEvents, (typeof SHARED)[number]> {
  /** With a response, or with the declared error of this code. */
  readonly 'request.answered': RequestEvent & { readonly code: string | undefined }
  /** Answered with an error that says no more than the reason. Here is what it was. */
  readonly 'request.failed': RequestEvent & {
    readonly reason: ToldFailure
    readonly failure: Failure
  }
  /** Nobody waits for an answer any more, so none was sent: before the handler began, or when it had ended. */
  readonly 'request.expired': RequestEvent & Lateness & { readonly begun: boolean }
  /** It does not say where an answer should go. It was acknowledged and not handled. */
  readonly 'request.unanswerable': RequestEvent
  /** The answer could not be encoded. The request was acknowledged: it has been handled. */
  readonly 'reply.failed': RequestEvent & { readonly error: unknown }
  /** The broker has closed the channel of the answers, over one of them perhaps. Those written just before may not have arrived. */
  readonly 'replies.lost': RoleEvent & { readonly reason: LeveretError }
}

/** A request as its events tell it. */
export function requestEventOf({ queue, messageId, attempt, durationMs, correlationId }: ActiveDelivery): RequestEvent {
  return { role: 'rpc-server', queue, messageId, attempt, durationMs, correlationId }
}

/** Tells of the engine's events those that a server has too. */
export function shareEvents(from: Events<WorkerEvents>, to: Events<RpcServerEvents>): void {
  // Both carry the same under the same name.
  for (const name of SHARED) from.on(name, (payload) => to.emit(name, payload as never))
}

function clocks({ clocksDifferByMs }: RpcServerEvents['request.expired']): string {
  if (clocksDifferByMs === 0) return ''
  return `. The clock of its client and that of this machine differ by ${clocksDifferByMs} ms or more`
}

/** What is a process warning for the first time, where there is no logger. */
export const requestWarnings: WarningCodes<RpcServerEvents> = {
  'request.failed': 'LEVERET_REQUEST_FAILED',
  'reply.failed': 'LEVERET_REPLY_FAILED',
  'delivery.stuck': 'LEVERET_STUCK',
}

/** How they read in the log of a server of this procedure. */
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
      `${the(event)} has no answer: its time was up ${event.begun ? 'when it had been handled' : 'before it began'}${clocks(event)}`,
    ],
    'request.unanswerable': (event) => ['warn', `${the(event)} was dropped: it says not where an answer should go`],
    'replies.lost': ({ reason }) => ['warn', `answers of '${procedure}' may be lost: ${reason.message}`],
    'reply.failed': (event) => [
      'warn',
      `${the(event)} was handled, and its answer not sent: ${describeFailure(event.error).message}`,
    ],
  }
}
