import { describeReply, isAboutMetadata } from '../broker-reply.js'
import type { OutgoingMessage } from '../connection/message.js'
import { BrokerError, type LeveretError } from '../errors.js'

/**
 * What the end of a channel means for the messages that were in flight on it:
 * - `innocent`: none of them caused it; send them again
 * - `exchange`: the broker named an exchange, or one routing key of it; what was meant for it has failed, the rest is sent again. Where a
 *   right is missing, that may have been so for a moment only, while the broker knew of no rights at all: `sure` is `false`
 * - `suspect`: one of them caused it and nobody knows which; send them again one at a time until it shows. Where the broker has
 *   failed, it may also have been none of them: `sure` is `false`
 */
export type Loss =
  | { readonly kind: 'innocent' }
  | {
      readonly kind: 'exchange'
      readonly exchange: string
      readonly routingKey?: string | undefined
      readonly sure: boolean
    }
  | { readonly kind: 'suspect'; readonly sure: boolean }

/** A topic permission is about a routing key. @see https://www.rabbitmq.com/docs/access-control#topic-authorisation */
const NAMED_TOPIC = /access to topic '(.*)' in exchange '/s
const NAMED_EXCHANGE = /exchange '(.*?)' in vhost/s
/**
 * Replies that a message can bring about: the errors of a channel, and of a frame.
 * @see https://www.rabbitmq.com/amqp-0-9-1-reference#constants
 */
const CAUSED_BY_A_MESSAGE: ReadonlySet<number> = new Set([311, 313, 403, 404, 405, 406, 501, 502, 505])

/** Replies that say that the broker has failed, or knows nothing of what it was asked. */
const MAYBE_CAUSED: ReadonlySet<number> = new Set([503, 540, 541])

/** Reads the broker's reason. */
export function readLoss(reason: LeveretError): Loss {
  if (!(reason instanceof BrokerError)) return { kind: 'innocent' }
  // The metadata store of the broker is away: it finds no exchange and no right, whoever asks.
  if (reason.retryable && isAboutMetadata(reason)) return { kind: 'innocent' }
  if (MAYBE_CAUSED.has(reason.replyCode)) return { kind: 'suspect', sure: false }
  if (!CAUSED_BY_A_MESSAGE.has(reason.replyCode)) return { kind: 'innocent' }
  const named =
    reason.replyCode === 404 || reason.replyCode === 403 ? NAMED_EXCHANGE.exec(reason.replyText)?.[1] : undefined
  if (named === undefined) return { kind: 'suspect', sure: true }
  if (reason.replyCode === 404 && isDefault(named)) return { kind: 'innocent' }
  const routingKey = NAMED_TOPIC.exec(reason.replyText)?.[1]
  return { kind: 'exchange', exchange: isDefault(named) ? '' : named, routingKey, sure: reason.replyCode === 404 }
}

function isDefault(exchange: string): boolean {
  return exchange === '' || exchange === 'amq.default'
}

/** How a message was in flight when its channel was lost. */
export interface Circumstances {
  /** Nothing else was in flight. */
  readonly alone: boolean
  /** It was in flight too when a channel was lost before. */
  readonly suspected: boolean
}

/** Whether this message brought the loss about. */
export function isCulprit(loss: Loss, message: OutgoingMessage, { alone, suspected }: Circumstances): boolean {
  if (loss.kind === 'exchange') return isMeant(loss, message) && (loss.sure || suspected)
  return loss.kind === 'suspect' && alone && (loss.sure || suspected)
}

/** Whether it may have brought the loss about, as far as one can tell yet. */
export function isSuspect(loss: Loss, message: OutgoingMessage): boolean {
  return loss.kind === 'suspect' || (loss.kind === 'exchange' && isMeant(loss, message))
}

function isMeant(loss: Extract<Loss, { kind: 'exchange' }>, { exchange, routingKey }: OutgoingMessage): boolean {
  return loss.exchange === exchange && (loss.routingKey ?? routingKey) === routingKey
}

/** Why a message that brought the loss about was refused. */
export function describeRefusal(reason: LeveretError): string {
  return reason instanceof BrokerError ? `the broker answered ${describeReply(reason)}` : reason.message
}
