import { BrokerError } from '../../errors/broker-error.js'
import { describeReply } from '../../errors/broker-reply.js'
import type { LeveretError } from '../../errors/leveret-error.js'
import type { OutgoingMessage } from '../../message/message.js'

/**
 * Consequence of a channel's end for the messages that were in flight on it:
 * - `innocent`: none of them caused it; send them again
 * - `named`: the broker named an exchange, or a routing key of one; messages to it have failed, and the others are sent
 *   again
 * - `suspect`: one of them caused it, but it is not known which; send them again one at a time until it shows. If the
 *   broker itself failed, perhaps none of them caused it: then `sure` is `false`
 */
export type Loss =
  | { readonly kind: 'innocent' }
  | ({ readonly kind: 'named' } & Target)
  | { readonly kind: 'suspect'; readonly sure: boolean }

/** Target of messages: an exchange, or one routing key of it. */
interface Target {
  readonly exchange: string
  readonly routingKey?: string
}

/** Words of RabbitMQ before the name. Since 4.0 they say which access was refused. */
const BEFORE_THE_NAME = /^(?:no|cannot publish to internal|(?:write )?access to) /
/** Reply text about the default exchange, by each of its names. */
const NO_DEFAULT = /^no exchange '(amq\.default)?' in vhost /
/** End of a reply text that was cut. It has at most 255 bytes, and RabbitMQ may cut within a character. */
const CUT_SHORT = /\ufffd*\.\.\.$/

/**
 * Reply codes that a message can cause: the errors of a channel, and of a frame.
 * @see https://www.rabbitmq.com/amqp-0-9-1-reference#constants
 */
const CAUSED_BY_A_MESSAGE: ReadonlySet<number> = new Set([311, 313, 403, 404, 405, 406, 501, 502, 505])

/** Reply codes for a failure of the broker, or for a method that it does not know. */
const MAYBE_CAUSED: ReadonlySet<number> = new Set([503, 540, 541])

/** Reads the consequence out of the broker's reason. @param inFlight - all messages that the reason may be about */
export function readLoss(reason: LeveretError, inFlight: readonly OutgoingMessage[]): Loss {
  if (!(reason instanceof BrokerError)) return { kind: 'innocent' }
  const { replyCode, replyText } = reason
  if (MAYBE_CAUSED.has(replyCode)) return { kind: 'suspect', sure: false }
  if (!CAUSED_BY_A_MESSAGE.has(replyCode)) return { kind: 'innocent' }
  // The default exchange cannot be deleted.
  if (replyCode === 404 && NO_DEFAULT.test(replyText)) return { kind: 'innocent' }
  const named = replyCode === 404 || replyCode === 403 ? targetIn(replyText, inFlight) : undefined
  return named === undefined ? { kind: 'suspect', sure: true } : { kind: 'named', ...named }
}

/** State of a message when its channel was lost. */
export interface Circumstances {
  /** Whether no other message was in flight. */
  readonly alone: boolean
  /** Whether the message was also in flight at an earlier loss. */
  readonly suspected: boolean
}

/** Whether this message caused the loss. */
export function isCulprit(loss: Loss, message: OutgoingMessage, { alone, suspected }: Circumstances): boolean {
  if (loss.kind === 'named') return isMeant(loss, message)
  return loss.kind === 'suspect' && alone && (loss.sure || suspected)
}

function isMeant(target: Target, { exchange, routingKey }: OutgoingMessage): boolean {
  return target.exchange === exchange && (target.routingKey ?? routingKey) === routingKey
}

/** Describes why a message that caused the loss was refused. */
export function describeRefusal(reason: LeveretError): string {
  return reason instanceof BrokerError ? `the broker answered ${describeReply(reason)}` : reason.message
}

/**
 * Finds the target that the broker names. Names may hold quotes, so the reply text is not parsed. It is compared with
 * the text that the broker would write for each message.
 *
 * @returns `undefined` if the text fits no message, or several targets
 */
function targetIn(replyText: string, inFlight: readonly OutgoingMessage[]): Target | undefined {
  const said = replyText.replace(BEFORE_THE_NAME, '')
  if (said === replyText) return undefined
  let best = 0
  let found: Target[] = []
  for (const target of targetsOf(inFlight)) {
    const length = agreement(said, nameOf(target))
    if (length > best) found = []
    if (length > 0 && length >= best) found.push(target)
    best = Math.max(length, best)
  }
  return found.length === 1 ? found[0] : undefined
}

/** Returns each target once. */
function targetsOf(inFlight: readonly OutgoingMessage[]): Iterable<Target> {
  const targets = new Map<string, Target>()
  for (const { exchange, routingKey } of inFlight) {
    targets.set(JSON.stringify([exchange]), { exchange })
    targets.set(JSON.stringify([exchange, routingKey]), { exchange, routingKey })
  }
  return targets.values()
}

function nameOf({ exchange, routingKey }: Target): string {
  const named = `exchange '${exchange || 'amq.default'}' in vhost '`
  return routingKey === undefined ? named : `topic '${routingKey}' in ${named}`
}

/** How many characters of the name the broker has written: all, or as many as fit into the reply text; else 0. */
function agreement(said: string, name: string): number {
  if (said.startsWith(name)) return name.length
  const whole = said.replace(CUT_SHORT, '')
  return whole !== said && name.startsWith(whole) ? whole.length : 0
}
