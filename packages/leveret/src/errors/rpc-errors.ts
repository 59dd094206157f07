import type { Issue } from './issue.js'
import { LeveretError } from './leveret-error.js'

/** A call of a procedure got no response. Base class of the errors of a call. */
export abstract class RpcError extends LeveretError {
  /** Name of the procedure. */
  readonly procedure: string

  constructor(procedure: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.procedure = procedure
  }
}

/**
 * The state of a request without an answer:
 * - `not-sent`: it never left this process, so no server handled it
 * - `unknown`: it was sent; a server may have handled it, or may be handling it now
 */
export type CallOutcome = 'not-sent' | 'unknown'

/** An answer did not come in time. Call again if the request may be handled twice, or if `outcome` is `not-sent`. */
export class RpcTimeoutError extends RpcError {
  override readonly name = 'RpcTimeoutError'
  readonly retryable = true
  readonly outcome: CallOutcome
  readonly timeoutMs: number

  /** @param why - why the request was not sent, or that the clocks differ, if that is known */
  constructor(procedure: string, timeoutMs: number, outcome: CallOutcome, why?: string) {
    const what =
      outcome === 'not-sent'
        ? `The request to '${procedure}' could not be sent within ${timeoutMs} ms`
        : `No answer from '${procedure}' within ${timeoutMs} ms; the request may have been handled`
    super(procedure, why === undefined ? what : `${what}: ${why}`)
    this.outcome = outcome
    this.timeoutMs = timeoutMs
  }
}

/**
 * Reason for which no server can answer:
 * - `no-queue`: the queue of the requests does not exist. The broker returned the request, so no server handled it
 * - `no-consumers`: the queue exists, but no server consumes it. The request stays there until it expires
 */
export type AbsenceReason = 'no-queue' | 'no-consumers'

/** The procedure has no server: its queue is missing, or has no consumer. Start a server, or retry later. */
export class RpcNoResponderError extends RpcError {
  override readonly name = 'RpcNoResponderError'
  readonly retryable = true
  readonly reason: AbsenceReason

  constructor(procedure: string, reason: AbsenceReason) {
    super(
      procedure,
      reason === 'no-queue'
        ? `No server answers '${procedure}': its queue does not exist. A server declares it when it starts`
        : `No server answers '${procedure}': its queue has no consumer`,
    )
    this.reason = reason
  }
}

/**
 * Reason for which a server answered without a response:
 * - `failed`: its handler failed with an error that the procedure does not declare. Only the server's own events and
 *   log say which
 * - `invalid-request`: the request does not fit the server's schema; `issues` says where
 * - `invalid-response`: the response does not fit the server's schema, so it was not sent; `issues` says where
 * - `too-large`: the response has more bytes than the server may send
 * - `unknown`: the answer is an error that this client does not know: the server's contract differs
 */
export type RemoteFailure = 'failed' | 'invalid-request' | 'invalid-response' | 'too-large' | 'unknown'

const REMOTE_TEXT: Readonly<Record<RemoteFailure, string>> = {
  failed: 'failed while it handled the request. The events and the log of the server show the cause',
  'invalid-request': 'refused the request',
  'invalid-response': 'returned a response that does not fit the procedure',
  'too-large': 'returned a response that exceeds its maxMessageBytes',
  unknown: 'answered with an error that the contract of this client does not declare',
}

/**
 * The server answered without a response. The error never carries the text of the server's own error, which may hold
 * private data.
 */
export class RpcRemoteError extends RpcError {
  override readonly name = 'RpcRemoteError'
  readonly retryable: boolean
  readonly reason: RemoteFailure
  /** Problems of the request or of the response, as the server found them. */
  readonly issues: readonly Issue[]

  constructor(procedure: string, reason: RemoteFailure, issues: readonly Issue[] = []) {
    const lines = issues.map(({ path, message }) => (path.length === 0 ? message : `at ${path.join('.')}: ${message}`))
    const details = lines.length === 0 ? '' : `: ${lines.join('; ')}`
    super(procedure, `The server of '${procedure}' ${REMOTE_TEXT[reason]}${details}`)
    this.reason = reason
    this.issues = issues
    this.retryable = reason === 'failed'
  }
}
