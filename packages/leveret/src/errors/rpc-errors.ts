import type { Issue } from './issue.js'
import { LeveretError } from './leveret-error.js'

/** A call of a procedure came to no response. */
export abstract class RpcError extends LeveretError {
  /** Name of the procedure. */
  readonly procedure: string

  constructor(procedure: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.procedure = procedure
  }
}

/**
 * What is known of a request that has no answer:
 * - `not-sent`: it never left this process, so it was not handled
 * - `unknown`: it was handed over; it may have been handled, or be handled now
 */
export type CallOutcome = 'not-sent' | 'unknown'

/** No answer came in time. Call again where handling it twice does no harm, or where `outcome` is `not-sent`. */
export class RpcTimeoutError extends RpcError {
  override readonly name = 'RpcTimeoutError'
  readonly retryable = true
  readonly outcome: CallOutcome
  readonly timeoutMs: number

  /** @param why - what kept it from being sent, or that the clocks differ, if that is known */
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
 * Why nobody can answer:
 * - `no-queue`: the queue of the requests does not exist. What the broker returned was not handled
 * - `no-consumers`: it exists, and no server consumes it. The request stays there until its time is up
 */
export type AbsenceReason = 'no-queue' | 'no-consumers'

/** Nobody is there to answer. Start a server, or call again when one may have come. */
export class RpcNoResponderError extends RpcError {
  override readonly name = 'RpcNoResponderError'
  readonly retryable = true
  readonly reason: AbsenceReason

  constructor(procedure: string, reason: AbsenceReason) {
    super(
      procedure,
      reason === 'no-queue'
        ? `Nobody answers '${procedure}': there is no such queue. A server declares it when it starts`
        : `Nobody answers '${procedure}': no server consumes its queue`,
    )
    this.reason = reason
  }
}

/**
 * Why a server answered without a response:
 * - `failed`: its handler failed with an error that the procedure does not declare. What it was, only the server is told
 * - `invalid-request`: the request does not fit the server's schema; `issues` says where
 * - `invalid-response`: its answer does not fit the server's schema, so it was not sent; `issues` says where
 * - `too-large`: its answer has more bytes than it may send
 * - `unknown`: it said so in a way that this client does not know: the server's contract is another one
 */
export type RemoteFailure = 'failed' | 'invalid-request' | 'invalid-response' | 'too-large' | 'unknown'

const REMOTE_TEXT: Readonly<Record<RemoteFailure, string>> = {
  failed: 'failed while it handled the request. Its own events and log say why',
  'invalid-request': 'refused the request',
  'invalid-response': 'has an answer that does not fit the procedure',
  'too-large': 'has an answer that is larger than it may send (maxMessageBytes)',
  unknown: 'answered with an error that this contract does not know',
}

/** The server answered without a response. It names no reason of its own: an error's text may hold what is nobody else's business. */
export class RpcRemoteError extends RpcError {
  override readonly name = 'RpcRemoteError'
  readonly retryable: boolean
  readonly reason: RemoteFailure
  /** What is wrong with the request, or with the answer, as the server sees it. */
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
