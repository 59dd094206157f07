import { endPublish, publishing, tracePublish } from '../../amqp/publish-trace.js'
import type { MaybePromise } from '../../async/maybe-promise.js'
import type { ConnectionInternals } from '../../connection/connection.js'
import { diagnostics } from '../../connection/diagnostics.js'
import { publishDiagnostic } from '../../connection/message-diagnostics.js'
import type { ActiveDelivery } from '../../consuming/delivery/active-delivery.js'
import type { Settlement } from '../../consuming/delivery/settlement.js'
import { givenBack, type Settling } from '../../consuming/delivery/settler.js'
import type { Verdict } from '../../consuming/delivery/verdict.js'
import { type Answer, encodeFailure, type ReportedFailure } from '../../contract/procedures/answer.js'
import type { Procedure } from '../../contract/procedures/procedure.js'
import { describeFailure, type Failure } from '../../errors/failure.js'
import type { Issue } from '../../errors/issue.js'
import { PayloadError } from '../../errors/payload-error.js'
import type { PublishError } from '../../errors/publish-error.js'
import { notEncoded, publishError } from '../../errors/publish-failures.js'
import type { Events } from '../../events.js'
import type { OutgoingMessage } from '../../message/message.js'
import { newMessageId } from '../../message/message-id.js'
import type { EncodedResult } from './encoded-result.js'
import type { ReplyChannel } from './reply-channel.js'
import { latenessOf, timeToAnswerMs } from './request-time.js'
import { type RequestEvent, type RpcServerEvents, requestEventOf } from './rpc-server-events.js'

/**
 * Settles requests: writes the ack, and the reply right behind it. Failed requests are not tried again, because the
 * client decides that.
 *
 * The ack comes first, because RabbitMQ closes the connection over a forged reply address (541, measured on 3.10.8),
 * and would then deliver the request again and again. It may deliver it once more, because it closes the connection
 * before it has processed an ack from the same read.
 */
export class Answering implements Settling {
  readonly #options: AnsweringOptions

  constructor(options: AnsweringOptions) {
    this.#options = options
  }

  settle(verdict: Verdict, delivery: ActiveDelivery): MaybePromise<Settlement> {
    if (!delivery.message.properties.replyTo) {
      return acknowledged(delivery, () => this.#report('request.unanswerable', delivery, {}), { did: 'skipped' })
    }
    // Another server will answer the request.
    if (verdict.do === 'give-back') return givenBack(delivery)
    if (verdict.do === 'skip') {
      return acknowledged(delivery, () => this.#reportExpired(delivery, false), { did: 'skipped' })
    }
    const conclusion = this.#conclude(verdict, delivery)
    if (timeToAnswerMs(delivery) <= 0) {
      return acknowledged(delivery, () => this.#reportExpired(delivery, true), conclusion.settlement)
    }
    // A redelivered request may be one whose reply closed the connection. So this time the broker has to process the
    // ack before the reply is sent.
    const { channel, message } = delivery
    if (message.fields.redelivered || !this.#options.replies.isFree) return this.#answerLater(conclusion, delivery)
    return channel.acks.ackNow(message) ? this.#send(conclusion, delivery) : STALE
  }

  async #answerLater(conclusion: Conclusion, delivery: ActiveDelivery): Promise<Settlement> {
    const { channel, message } = delivery
    if (!(await this.#options.replies.untilFree(channel.signal))) return STALE
    const isAcked = message.fields.redelivered ? await channel.ackAndWait(message) : channel.ackNow(message)
    return isAcked ? this.#send(conclusion, delivery) : STALE
  }

  #send({ answer, name, more, settlement }: Conclusion, delivery: ActiveDelivery): Settlement {
    const { internals } = this.#options
    const reply = replyOf(answer, delivery)
    const error = publishing.hasSubscribers ? this.#publishTraced(reply) : this.#publish(reply)
    if (error !== undefined) this.#report('reply.failed', delivery, { error })
    else {
      if (diagnostics.published.hasSubscribers) publishDiagnostic('published', internals.name, reply)
      this.#report(name, delivery, more)
    }
    return settlement
  }

  /** Emits an event about a request, if anybody listens. */
  #report<Name extends keyof RpcServerEvents & string>(
    name: Name,
    delivery: ActiveDelivery,
    more: Omit<RpcServerEvents[Name], keyof RequestEvent>,
  ): void {
    const { events } = this.#options
    if (events.has(name)) events.emit(name, { ...requestEventOf(delivery), ...more } as RpcServerEvents[Name])
  }

  /** @returns why it cannot be written */
  #publish(reply: OutgoingMessage): PublishError | undefined {
    try {
      this.#options.replies.publish(reply)
      return undefined
    } catch (cause) {
      return publishError('not-sent', reply, notEncoded(cause), { cause, retryable: false })
    }
  }

  #publishTraced(reply: OutgoingMessage): PublishError | undefined {
    const { procedure, internals } = this.#options
    const { name: connection, publishLane } = internals
    const { name: contract } = procedure
    const role = 'rpc-server'
    const place = {
      connection,
      role,
      contract,
      kind: 'reply',
      destination: contract,
      server: publishLane.server,
    } as const
    return tracePublish(place, reply, (message, trace) => {
      const error = this.#publish(message)
      endPublish(trace, error, 'written')
      return error
    })
  }

  #reportExpired(delivery: ActiveDelivery, begun: boolean): void {
    this.#report('request.expired', delivery, { ...latenessOf(delivery), begun })
  }

  #conclude(verdict: Verdict, delivery: ActiveDelivery): Conclusion {
    const kept = delivery.result as EncodedResult | undefined
    const failed = verdict.do === 'dead-letter' ? verdict : undefined
    // A response does not count if the attempt failed: an interceptor failed after it, or it came too late. A declared
    // error counts, because it is that failure.
    const answered = kept?.answer !== undefined && (failed === undefined || kept.code !== undefined) ? kept : undefined
    if (answered !== undefined && answered.answer.content.length <= this.#options.internals.settings.maxMessageBytes) {
      const { answer, code } = answered
      return { answer, name: 'request.answered', more: { code }, settlement: ACKED }
    }
    const { reason, failure, issues } = answered === undefined ? problemOf(failed, kept) : TOO_LARGE
    return {
      answer: encodeFailure(reason, issues),
      name: 'request.failed',
      more: { reason, failure },
      settlement: { did: 'dropped', reason: failed?.reason ?? 'attempts-exhausted', failure },
    }
  }
}

/** Options of {@link Answering}. */
export interface AnsweringOptions {
  readonly procedure: Procedure
  readonly events: Events<RpcServerEvents>
  readonly internals: Pick<ConnectionInternals, 'name' | 'settings' | 'publishLane'>
  readonly replies: ReplyChannel
}

type FailureVerdict = Extract<Verdict, { do: 'dead-letter' }>

const ACKED: Settlement = { did: 'acked' }
const STALE: Settlement = { did: 'stale' }
const TOO_LARGE = {
  reason: 'too-large',
  failure: { name: 'PayloadError', message: 'the answer has more bytes than maxMessageBytes' },
  issues: [],
} as const
const NO_ANSWER = { name: 'NoAnswer', message: 'an interceptor ended the request without its handler' }

function replyOf({ content, headers, ...type }: Answer, { message }: ActiveDelivery): OutgoingMessage {
  const { replyTo = '', correlationId } = message.properties
  return {
    exchange: '',
    routingKey: replyTo,
    content,
    properties: {
      messageId: newMessageId(),
      timestamp: Math.floor(Date.now() / 1_000),
      // Not persistent: no client waits beyond a restart of the broker.
      deliveryMode: 1,
      ...type,
      correlationId,
      headers,
    },
    // RabbitMQ 3.10 returns replies that it has delivered, and a client that has gone needs none.
    mandatory: false,
  }
}

/** The answer to a request, with the event that reports it. */
type Conclusion = { readonly answer: Answer; readonly settlement: Settlement } & (
  | { readonly name: 'request.answered'; readonly more: { readonly code: string | undefined } }
  | { readonly name: 'request.failed'; readonly more: { readonly reason: ReportedFailure; readonly failure: Failure } }
)

interface Problem {
  readonly reason: ReportedFailure
  readonly failure: Failure
  readonly issues: readonly Issue[]
}

function problemOf(failed: FailureVerdict | undefined, kept: EncodedResult | undefined): Problem {
  if (failed === undefined) return { reason: 'failed', failure: NO_ANSWER, issues: [] }
  const { reason, failure, issues = [] } = failed
  if (reason === 'invalid-payload') return { reason: 'invalid-request', failure, issues }
  const refused = kept !== undefined && 'refused' in kept ? kept.refused : undefined
  // A schema that itself failed has refused nothing.
  if (!(refused instanceof PayloadError) || refused.retryable) return { reason: 'failed', failure, issues: [] }
  return { reason: 'invalid-response', failure: describeFailure(refused), issues: refused.issues }
}

function acknowledged({ channel, message }: ActiveDelivery, report: () => void, settlement: Settlement): Settlement {
  if (!channel.ack(message)) return STALE
  report()
  return settlement
}
