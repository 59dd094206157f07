import { describeReply } from '../broker-reply.js'
import type { OutgoingMessage } from '../connection/message.js'
import { BrokerError, type LeveretError } from '../errors.js'

/**
 * What the end of a channel means for the messages that were in flight on it:
 * - `innocent`: none of them caused it; send them again
 * - `exchange`: the broker named an exchange; what was meant for it has failed, the rest is sent again
 * - `suspect`: one of them caused it and nobody knows which; send them again one at a time until it shows
 */
export type Loss =
  | { readonly kind: 'innocent' }
  | { readonly kind: 'exchange'; readonly exchange: string }
  | { readonly kind: 'suspect' }

const NAMED_EXCHANGE = /exchange '(.*?)' in vhost/s
/**
 * Replies that a message can bring about: the errors of a channel, and of a frame.
 * @see https://www.rabbitmq.com/amqp-0-9-1-reference#constants
 */
const CAUSED_BY_A_MESSAGE: ReadonlySet<number> = new Set([311, 313, 403, 404, 405, 406, 501, 502, 505])

/** Reads the broker's reason. */
export function readLoss(reason: LeveretError): Loss {
  if (!(reason instanceof BrokerError) || !CAUSED_BY_A_MESSAGE.has(reason.replyCode)) return { kind: 'innocent' }
  const named =
    reason.replyCode === 404 || reason.replyCode === 403 ? NAMED_EXCHANGE.exec(reason.replyText)?.[1] : undefined
  if (named === undefined) return { kind: 'suspect' }
  return { kind: 'exchange', exchange: named === 'amq.default' ? '' : named }
}

/** Whether this message brought the loss about. @param alone - nothing else was in flight */
export function isCulprit(loss: Loss, { exchange }: OutgoingMessage, alone: boolean): boolean {
  return (loss.kind === 'exchange' && loss.exchange === exchange) || (loss.kind === 'suspect' && alone)
}

/** Why a message that brought the loss about was refused. */
export function describeRefusal(reason: LeveretError): string {
  return reason instanceof BrokerError ? `the broker answered ${describeReply(reason)}` : reason.message
}
