import { describeReply } from '../broker-reply.js'
import type { OutgoingMessage } from '../connection/message.js'
import { BrokerError, type LeveretError } from '../errors.js'

/**
 * What the end of a channel means for the messages that were in flight on it:
 * - `innocent`: none of them caused it; send them again
 * - `exchange`: the broker named an exchange; what was meant for it has failed, the rest is sent again
 * - `suspect`: one of them caused it and nobody knows which; send them again one at a time until it shows. Where the broker has
 *   failed, it may also have been none of them: `sure` is `false`
 */
export type Loss =
  | { readonly kind: 'innocent' }
  | { readonly kind: 'exchange'; readonly exchange: string }
  | { readonly kind: 'suspect'; readonly sure: boolean }

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
  if (MAYBE_CAUSED.has(reason.replyCode)) return { kind: 'suspect', sure: false }
  if (!CAUSED_BY_A_MESSAGE.has(reason.replyCode)) return { kind: 'innocent' }
  const named =
    reason.replyCode === 404 || reason.replyCode === 403 ? NAMED_EXCHANGE.exec(reason.replyText)?.[1] : undefined
  if (named === undefined) return { kind: 'suspect', sure: true }
  return { kind: 'exchange', exchange: named === 'amq.default' ? '' : named }
}

/** How a message was in flight when its channel was lost. */
export interface Circumstances {
  /** Nothing else was in flight. */
  readonly alone: boolean
  /** It was in flight too when a channel was lost before. */
  readonly suspected: boolean
}

/** Whether this message brought the loss about. */
export function isCulprit(loss: Loss, { exchange }: OutgoingMessage, { alone, suspected }: Circumstances): boolean {
  if (loss.kind === 'exchange') return loss.exchange === exchange
  return loss.kind === 'suspect' && alone && (loss.sure || suspected)
}

/** Why a message that brought the loss about was refused. */
export function describeRefusal(reason: LeveretError): string {
  return reason instanceof BrokerError ? `the broker answered ${describeReply(reason)}` : reason.message
}
