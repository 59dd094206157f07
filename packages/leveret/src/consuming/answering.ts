import type { Delivery } from '../connection/delivery.js'
import type { OutgoingMessage } from '../connection/message.js'
import { type Answer, encodeDeclared, encodeFailure, encodeResponse, type ToldFailure } from '../contract/answer.js'
import type { Procedure } from '../contract/procedure.js'
import { isErrorOf } from '../contract/procedure-error.js'
import { type Issue, PayloadError } from '../errors.js'
import type { Events } from '../events.js'
import { newMessageId } from '../message-id.js'
import type { Soon } from '../soon.js'
import type { ActiveDelivery } from './active-delivery.js'
import { type RequestEvent, type RpcServerEvents, requestEventOf } from './request-events.js'
import { latenessOf, timeToAnswerMs } from './request-time.js'
import type { Settlement } from './settlement.js'
import { givenBack, type Settling } from './settler.js'
import { describeFailure, type Failure, type Verdict } from './verdict.js'

/** What answering needs. */
export interface AnsweringOptions {
  readonly procedure: Procedure
  readonly events: Events<RpcServerEvents>
  readonly maxMessageBytes: number
  /**
   * Hands a reply to the publish lane. Settles when the broker has it, or will not.
   *
   * @param terms.timeoutMs - for how long its client waits on; `Infinity` where that is not known
   * @param terms.signal - aborted when the request is the broker's again
   * @param terms.inTurn - to be called just before it is written
   */
  send(reply: OutgoingMessage, terms: SendingTerms): Promise<void>
}

interface SendingTerms {
  readonly timeoutMs: number
  readonly signal: AbortSignal
  inTurn(): void
}

type FailureVerdict = Extract<Verdict, { do: 'dead-letter' }>

const STALE: Settlement = { did: 'stale' }
const TOO_LARGE = {
  reason: 'too-large',
  failure: { name: 'PayloadError', message: 'the answer has more bytes than maxMessageBytes' },
  issues: [],
} as const
const NO_ANSWER = { name: 'NoAnswer', message: 'an interceptor ended the request without its handler' }

/**
 * Settles requests: when the answer has its turn, the ack is written, and the answer right behind it. Nothing is tried again: whoever asked decides
 * that.
 *
 * The ack comes first, because RabbitMQ closes the connection over a forged address, and would deliver the request again, for ever.
 */
export class Answering implements Settling {
  readonly #options: AnsweringOptions
  /** What a handler came to. The verdict says whether it counts. */
  readonly #answers = new WeakMap<Delivery, Kept>()

  constructor(options: AnsweringOptions) {
    this.#options = options
  }

  /** A handler whose result is kept until it is settled. */
  keeping<Request>(
    handler: (request: Request, delivery: Delivery) => unknown,
  ): (request: Request, delivery: Delivery) => Promise<void> {
    const { procedure } = this.#options
    return async (request, delivery) => {
      let response: unknown
      try {
        response = await handler(request, delivery)
      } catch (thrown) {
        if (isErrorOf(procedure, thrown)) {
          await this.#keep(delivery, thrown.code, () => encodeDeclared(procedure, thrown))
        }
        throw thrown
      }
      await this.#keep(delivery, undefined, () => encodeResponse(procedure, response))
    }
  }

  async #keep(delivery: Delivery, code: string | undefined, encode: () => Soon<Answer>): Promise<void> {
    try {
      this.#answers.set(delivery, { code, answer: await encode() })
    } catch (error) {
      this.#answers.set(delivery, { refused: error })
      throw error
    }
  }

  async settle(verdict: Verdict, delivery: ActiveDelivery): Promise<Settlement> {
    const { events } = this.#options
    const { message, life } = delivery
    const event = requestEventOf(delivery)
    if (!message.properties.replyTo) {
      return acknowledged(delivery, () => events.emit('request.unanswerable', event), { did: 'skipped' })
    }
    const expired = (begun: boolean): void =>
      events.emit('request.expired', { ...event, ...latenessOf(delivery), begun })
    // Another server answers it.
    if (verdict.do === 'give-back') return givenBack(delivery)
    if (verdict.do === 'skip') {
      return acknowledged(delivery, () => expired(false), { did: 'skipped' })
    }
    const { answer, tell, settlement } = this.#conclude(verdict, delivery, event)
    if (timeToAnswerMs(delivery) <= 0) return acknowledged(delivery, () => expired(true), settlement)
    let isAcked = false
    try {
      await this.#reply(answer, delivery, () => {
        isAcked = life.ackNow(message)
      })
    } catch (error) {
      if (!isAcked && !life.ack(message)) return STALE
      events.emit('reply.failed', { ...event, error })
      return settlement
    }
    if (!isAcked) return STALE
    tell()
    return settlement
  }

  #conclude(verdict: Verdict, delivery: ActiveDelivery, event: RequestEvent): Conclusion {
    const { events, maxMessageBytes } = this.#options
    const kept = this.#answers.get(delivery)
    const failed = verdict.do === 'dead-letter' ? verdict : undefined
    // A response of a handler whose interceptor failed, or that came too late, does not count; a declared error is a failure.
    const answered = kept?.answer !== undefined && (failed === undefined || kept.code !== undefined) ? kept : undefined
    if (answered !== undefined && answered.answer.content.length <= maxMessageBytes) {
      const { answer, code } = answered
      return { answer, tell: () => events.emit('request.answered', { ...event, code }), settlement: { did: 'acked' } }
    }
    const { reason, failure, issues } = answered === undefined ? problemOf(failed, kept) : TOO_LARGE
    return {
      answer: encodeFailure(reason, issues),
      tell: () => events.emit('request.failed', { ...event, reason, failure }),
      settlement: { did: 'dropped', reason: failed?.reason ?? 'attempts-exhausted', failure },
    }
  }

  async #reply({ content, contentType, headers }: Answer, delivery: ActiveDelivery, inTurn: () => void): Promise<void> {
    const { replyTo = '', correlationId } = delivery.message.properties
    const reply: OutgoingMessage = {
      exchange: '',
      routingKey: replyTo,
      content,
      properties: {
        messageId: newMessageId(),
        timestamp: Math.floor(Date.now() / 1_000),
        // After a restart of the broker nobody waits for it.
        deliveryMode: 1,
        contentType,
        correlationId,
        headers,
      },
      // RabbitMQ 3.10 returns replies that it has delivered; and who has gone needs none.
      mandatory: false,
    }
    await this.#options.send(reply, { timeoutMs: timeToAnswerMs(delivery), signal: delivery.life.signal, inTurn })
  }
}

/** What a handler came to: an answer, or what its contract refuses. */
type Kept =
  | { readonly code: string | undefined; readonly answer: Answer }
  | { readonly refused: unknown; readonly answer?: undefined }

interface Conclusion {
  readonly answer: Answer
  readonly settlement: Settlement
  tell(): void
}

interface Problem {
  readonly reason: ToldFailure
  readonly failure: Failure
  readonly issues: readonly Issue[]
}

function problemOf(failed: FailureVerdict | undefined, kept: Kept | undefined): Problem {
  if (failed === undefined) return { reason: 'failed', failure: NO_ANSWER, issues: [] }
  const { reason, failure, issues = [] } = failed
  if (reason === 'invalid-payload') return { reason: 'invalid-request', failure, issues }
  const refused = kept !== undefined && 'refused' in kept ? kept.refused : undefined
  // A schema that fails by itself has refused nothing.
  if (!(refused instanceof PayloadError) || refused.retryable) return { reason: 'failed', failure, issues: [] }
  return { reason: 'invalid-response', failure: describeFailure(refused), issues: refused.issues }
}

function acknowledged({ life, message }: ActiveDelivery, tell: () => void, settlement: Settlement): Settlement {
  if (!life.ack(message)) return STALE
  tell()
  return settlement
}
