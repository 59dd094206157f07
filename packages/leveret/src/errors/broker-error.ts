import { type BrokerReply, describeReply, isPassing } from './broker-reply.js'
import { type FailureOptions, LeveretError } from './leveret-error.js'

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
