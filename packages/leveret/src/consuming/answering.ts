import type { Delivery } from '../connection/delivery.js'
import type { OutgoingMessage } from '../connection/message.js'
import { type Answer, encodeDeclared, encodeFailure, encodeResponse } from '../contract/answer.js'
import type { Procedure } from '../contract/procedure.js'
import { isErrorOf } from '../contract/procedure-error.js'
import type { Events } from '../events.js'
import { newMessageId } from '../message-id.js'
import type { ActiveDelivery } from './active-delivery.js'
import type { RequestEvent, RpcServerEvents } from './request-events.js'
import type { Settlement } from './settlement.js'
import { givenBack, type Settling } from './settler.js'
import type { Verdict } from './verdict.js'

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
   */
  send(reply: OutgoingMessage, terms: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<void>
}

type FailureVerdict = Extract<Verdict, { do: 'dead-letter' }>

const STALE: Settlement = { did: 'stale' }
const MAX_TIME_MS = 8.64e15
const TOO_LARGE = { name: 'PayloadError', message: 'the answer has more bytes than maxMessageBytes' }

/** Settles requests: first the answer, confirmed, and only then the ack. Nothing is tried again: whoever asked decides that. */
export class Answering implements Settling {
  readonly #options: AnsweringOptions
  /** What a handler came to. The verdict says whether it counts. */
  readonly #answers = new WeakMap<Delivery, { readonly code: string | undefined; readonly answer: Answer }>()

  constructor(options: AnsweringOptions) {
    this.#options = options
  }

  /** A handler whose result is kept until it is settled. */
  keeping<Request>(
    handler: (request: Request, delivery: Delivery) => unknown,
  ): (request: Request, delivery: Delivery) => Promise<void> {
    const { procedure } = this.#options
    return async (request, delivery) => {
      try {
        const answer = await encodeResponse(procedure, await handler(request, delivery))
        this.#answers.set(delivery, { code: undefined, answer })
      } catch (thrown) {
        if (isErrorOf(procedure, thrown)) {
          this.#answers.set(delivery, { code: thrown.code, answer: await encodeDeclared(procedure, thrown) })
        }
        throw thrown
      }
    }
  }

  async settle(verdict: Verdict, delivery: ActiveDelivery): Promise<Settlement> {
    const { events } = this.#options
    const { message, life } = delivery
    const event = { messageId: delivery.messageId, correlationId: delivery.correlationId }
    if (!message.properties.replyTo) {
      return acknowledged(delivery, () => events.emit('request.unanswerable', event), { did: 'skipped' })
    }
    // Another server answers it.
    if (verdict.do === 'give-back') return givenBack(delivery)
    if (verdict.do === 'skip') {
      return acknowledged(delivery, () => events.emit('request.expired', { ...event, begun: false }), {
        did: 'skipped',
      })
    }
    const { answer, tell, settlement } = this.#conclude(verdict, delivery, event)
    if (timeLeftMs(delivery) <= 0) {
      return acknowledged(delivery, () => events.emit('request.expired', { ...event, begun: true }), settlement)
    }
    try {
      await this.#reply(answer, delivery)
    } catch (error) {
      if (life.signal.aborted) return STALE
      return acknowledged(delivery, () => events.emit('reply.failed', { ...event, error }), settlement)
    }
    return acknowledged(delivery, tell, settlement)
  }

  #conclude(verdict: Verdict, delivery: ActiveDelivery, event: RequestEvent): Conclusion {
    const { events, maxMessageBytes } = this.#options
    const kept = this.#answers.get(delivery)
    const failed = verdict.do === 'dead-letter' ? verdict : undefined
    // A response of a handler whose interceptor failed, or that came too late, does not count; a declared error is a failure.
    const counts = kept !== undefined && (failed === undefined || kept.code !== undefined)
    if (counts && kept.answer.content.length <= maxMessageBytes) {
      const { answer, code } = kept
      return { answer, tell: () => events.emit('request.answered', { ...event, code }), settlement: { did: 'acked' } }
    }
    const reason = counts ? 'too-large' : reasonOf(failed)
    const failure = counts || failed === undefined ? TOO_LARGE : failed.failure
    return {
      answer: encodeFailure(reason, failed?.issues),
      tell: () => events.emit('request.failed', { ...event, reason, failure }),
      settlement: { did: 'dropped', reason: failed?.reason ?? 'attempts-exhausted', failure },
    }
  }

  async #reply({ content, contentType, headers }: Answer, delivery: ActiveDelivery): Promise<void> {
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
    await this.#options.send(reply, { timeoutMs: timeLeftMs(delivery), signal: delivery.life.signal })
  }
}

/** How long the client of a request waits on; not at all where it says not where to answer. */
export function timeLeftMs({ message }: ActiveDelivery): number {
  const { replyTo, headers } = message.properties
  if (!replyTo) return 0
  const deadline = headers?.['leveret-deadline']
  // From outside: what is no time is none.
  if (typeof deadline !== 'number' || !(deadline > 0 && deadline <= MAX_TIME_MS)) return Number.POSITIVE_INFINITY
  return deadline - Date.now()
}

interface Conclusion {
  readonly answer: Answer
  readonly settlement: Settlement
  tell(): void
}

function reasonOf(failed: FailureVerdict | undefined): 'failed' | 'invalid-request' {
  return failed?.reason === 'invalid-payload' ? 'invalid-request' : 'failed'
}

function acknowledged({ life, message }: ActiveDelivery, tell: () => void, settlement: Settlement): Settlement {
  if (!life.ack(message)) return STALE
  tell()
  return settlement
}
