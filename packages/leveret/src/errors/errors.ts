import { type BrokerReply, describeReply, isPassing } from './broker-reply.js'
import { isMarked, MARK } from './marks.js'

/** One line of a refused payload or of refused options: where, and what is wrong there. Never holds a value. */
export interface Issue {
  /** Path into the value, for example `['order', 'lines', 0]`. Empty for the value itself. */
  readonly path: readonly (string | number)[]
  readonly message: string
}

/**
 * The root of every error that leveret throws or rejects with.
 *
 * `name` tells the classes apart, also when two copies of the package are installed. `cause` holds what lies beneath.
 */
export abstract class LeveretError extends Error {
  abstract override readonly name: string
  /** Whether the same call can succeed later without anybody changing code, topology or rights. */
  abstract readonly retryable: boolean

  /** @internal */
  get [MARK](): 'error' {
    return 'error'
  }
}

/** Whether it is one of leveret's, of whichever copy of the package. */
export function isLeveretError(thrown: unknown): thrown is Pick<LeveretError, 'retryable'> {
  return isMarked(thrown, 'error')
}

/** An argument or option is wrong. Nothing was done. Fix the call. */
export class OptionsError extends LeveretError {
  override readonly name = 'OptionsError'
  readonly retryable = false
  readonly issues: readonly Issue[]

  constructor(message: string, issues: readonly Issue[] = [], options?: ErrorOptions) {
    super(message, options)
    this.issues = issues
  }
}

/**
 * Why there is no connection:
 * - `unreachable`: no TCP or TLS connection came about, or the broker is starting or stopping
 * - `timeout`: something accepted the connection and did not answer in time
 * - `protocol`: what answered does not speak AMQP 0-9-1 here (for example TLS on a plain port), or said what fits nothing that was asked
 * - `login-refused`, `vhost-not-found`, `vhost-refused`: the broker's answer to who we are and where we want to go
 * - `credentials`: the credentials provider failed, or took too long
 * - `limit`: the broker has as many connections, or the connection as many channels, as it may have
 * - `tls`: the broker's certificate did not verify, or it did not accept ours
 * - `lost`: an open connection went away
 * - `cancelled`: the connection stands, and the broker has taken a consumer away
 */
export type ConnectionFailure =
  | 'unreachable'
  | 'timeout'
  | 'protocol'
  | 'credentials'
  | 'login-refused'
  | 'vhost-not-found'
  | 'vhost-refused'
  | 'limit'
  | 'tls'
  | 'lost'
  | 'cancelled'

const FATAL_AT_START: ReadonlySet<ConnectionFailure> = new Set([
  'login-refused',
  'vhost-not-found',
  'vhost-refused',
  'tls',
])

/** There is no connection to the broker. Wait (leveret goes on trying) or alert, by `reason`. */
export class ConnectionError extends LeveretError {
  override readonly name = 'ConnectionError'
  readonly retryable: boolean
  readonly reason: ConnectionFailure

  constructor(reason: ConnectionFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
    this.retryable = !FATAL_AT_START.has(reason)
  }
}

/** The broker refused an operation. Fix the topology or the rights that `replyText` names. */
export class BrokerError extends LeveretError implements BrokerReply {
  override readonly name = 'BrokerError'
  readonly retryable: boolean
  readonly replyCode: number
  readonly replyName: string
  readonly replyText: string

  constructor(operation: string, reply: BrokerReply, options?: FailureOptions) {
    super(`${operation}: the broker answered ${describeReply(reply, options?.retryable)}`, options)
    this.replyCode = reply.replyCode
    this.replyName = reply.replyName
    this.replyText = reply.replyText
    this.retryable = options?.retryable ?? isPassing(reply)
  }
}

/**
 * A payload does not fit its contract. Fix the data. An outgoing one was not sent.
 *
 * Where the schema itself has failed, it has not said that: `cause` is what it threw, and the error is `retryable`.
 */
export class PayloadError extends LeveretError {
  override readonly name = 'PayloadError'
  readonly retryable: boolean
  readonly direction: 'outgoing' | 'incoming'
  /** Name of the contract. */
  readonly contract: string
  readonly issues: readonly Issue[]

  constructor(
    direction: 'outgoing' | 'incoming',
    contract: string,
    issues: readonly Issue[],
    options?: FailureOptions,
  ) {
    const verb = direction === 'outgoing' ? 'The payload was not sent to' : 'A payload received from'
    super(
      `${verb} '${contract}'${direction === 'outgoing' ? ':' : ' does not fit:'} ${issues.map(line).join('; ')}`,
      options,
    )
    this.direction = direction
    this.contract = contract
    this.issues = issues
    this.retryable = options?.retryable ?? false
  }
}

/**
 * What is known of a publish that failed:
 * - `returned`: no queue took it; nothing is stored
 * - `refused`: the broker said no; it may be in some of the queues it was routed to
 * - `not-sent`: it never left this process
 * - `unknown`: it was handed over and no answer came in time, or it was returned when it was sent again; it may or may not be stored
 */
export type PublishOutcome = 'returned' | 'refused' | 'not-sent' | 'unknown'

/** The message of a failed publish, without its content. */
export interface PublishSubject {
  /** `''` is the default exchange, which routes to the queue named by the routing key. */
  readonly exchange: string
  readonly routingKey: string
  readonly messageId: string
}

/** A message was not confirmed. `outcome` says whether it may be stored all the same. */
export class PublishError extends LeveretError implements PublishSubject {
  override readonly name = 'PublishError'
  readonly retryable: boolean
  readonly outcome: PublishOutcome
  readonly exchange: string
  readonly routingKey: string
  readonly messageId: string

  constructor(outcome: PublishOutcome, subject: PublishSubject, why: string, options?: FailureOptions) {
    const target = subject.exchange === '' ? `queue '${subject.routingKey}'` : `exchange '${subject.exchange}'`
    super(`The message ${subject.messageId} to ${target} ${OUTCOME_TEXT[outcome]}: ${why}`, options)
    this.outcome = outcome
    this.exchange = subject.exchange
    this.routingKey = subject.routingKey
    this.messageId = subject.messageId
    this.retryable = options?.retryable ?? outcome !== 'returned'
  }
}

/** What else is known of a failure. */
export interface FailureOptions extends ErrorOptions {
  /** Whether the same call can succeed later. @defaultValue what the error's other parts say */
  readonly retryable?: boolean | undefined
}

const OUTCOME_TEXT: Record<PublishOutcome, string> = {
  returned: 'was returned',
  refused: 'was refused',
  'not-sent': 'was not sent',
  unknown: 'may or may not have been stored',
}

/** The connection or role that was asked has been closed. Make a new one. */
export class ClosedError extends LeveretError {
  override readonly name = 'ClosedError'
  readonly retryable = false
}

/** `at order.id: expected string`, and just `expected string` for the value itself. */
function line({ path, message }: Issue): string {
  return path.length === 0 ? message : `at ${path.join('.')}: ${message}`
}
