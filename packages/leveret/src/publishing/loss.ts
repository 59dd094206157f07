import { BrokerError } from '../errors/broker-error.js'
import { describeReply } from '../errors/broker-reply.js'
import type { LeveretError } from '../errors/leveret-error.js'
import type { OutgoingMessage } from '../message/message.js'

/**
 * What the end of a channel means for the messages that were in flight on it:
 * - `innocent`: none of them caused it; send them again
 * - `named`: the broker named an exchange, or a routing key of one; what was meant for it has failed, the rest is sent again
 * - `suspect`: one of them caused it and nobody knows which; send them again one at a time until it shows. Where the broker has
 *   failed, it may also have been none of them: `sure` is `false`
 */
export type Loss =
  | { readonly kind: 'innocent' }
  | ({ readonly kind: 'named' } & Target)
  | { readonly kind: 'suspect'; readonly sure: boolean }

/** Where messages went: all of an exchange, or those of one routing key. */
interface Target {
  readonly exchange: string
  readonly routingKey?: string
}

/** What RabbitMQ says before the name. From 4.0 on it says which access. */
const BEFORE_THE_NAME = /^(?:no|cannot publish to internal|(?:write )?access to) /
/** The default exchange by each of its names. */
const NO_DEFAULT = /^no exchange '(amq\.default)?' in vhost /
/** A reply text has at most 255 bytes. RabbitMQ cuts what is longer, also within a letter. */
const CUT_SHORT = /\ufffd*\.\.\.$/

/**
 * Replies that a message can bring about: the errors of a channel, and of a frame.
 * @see https://www.rabbitmq.com/amqp-0-9-1-reference#constants
 */
const CAUSED_BY_A_MESSAGE: ReadonlySet<number> = new Set([311, 313, 403, 404, 405, 406, 501, 502, 505])

/** Replies that say that the broker has failed, or knows nothing of what it was asked. */
const MAYBE_CAUSED: ReadonlySet<number> = new Set([503, 540, 541])

/** Reads the broker's reason. @param inFlight - all that it may be about */
export function readLoss(reason: LeveretError, inFlight: readonly OutgoingMessage[]): Loss {
  if (!(reason instanceof BrokerError)) return { kind: 'innocent' }
  const { replyCode, replyText } = reason
  if (MAYBE_CAUSED.has(replyCode)) return { kind: 'suspect', sure: false }
  if (!CAUSED_BY_A_MESSAGE.has(replyCode)) return { kind: 'innocent' }
  // Nobody can delete the default exchange.
  if (replyCode === 404 && NO_DEFAULT.test(replyText)) return { kind: 'innocent' }
  const named = replyCode === 404 || replyCode === 403 ? targetIn(replyText, inFlight) : undefined
  return named === undefined ? { kind: 'suspect', sure: true } : { kind: 'named', ...named }
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
  if (loss.kind === 'named') return isMeant(loss, message)
  return loss.kind === 'suspect' && alone && (loss.sure || suspected)
}

function isMeant(target: Target, { exchange, routingKey }: OutgoingMessage): boolean {
  return target.exchange === exchange && (target.routingKey ?? routingKey) === routingKey
}

/** Why a message that brought the loss about was refused. */
export function describeRefusal(reason: LeveretError): string {
  return reason instanceof BrokerError ? `the broker answered ${describeReply(reason)}` : reason.message
}

/**
 * The target that the broker names. Names may hold quotes, so its words are not taken apart: they are compared with what it would
 * say of each message.
 *
 * @returns `undefined` when it names none of them, or when its words fit several
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

/** Each once. */
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

/** How much of the name the broker has said: all of it, or all that there was room for; else nothing. */
function agreement(said: string, name: string): number {
  if (said.startsWith(name)) return name.length
  const whole = said.replace(CUT_SHORT, '')
  return whole !== said && name.startsWith(whole) ? whole.length : 0
}
