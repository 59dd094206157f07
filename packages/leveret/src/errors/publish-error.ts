import { type FailureOptions, LeveretError } from './leveret-error.js'

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

const OUTCOME_TEXT: Record<PublishOutcome, string> = {
  returned: 'was returned',
  refused: 'was refused',
  'not-sent': 'was not sent',
  unknown: 'may or may not have been stored',
}
