import { limitStep } from './broker-limits.js'

/** What the broker said when it closed a channel or a connection, or refused an operation. */
export interface BrokerReply {
  /** AMQP reply code, for example 404. @see https://www.rabbitmq.com/amqp-0-9-1-reference#constants */
  readonly replyCode: number
  /** Its name, for example `NOT_FOUND`. */
  readonly replyName: string
  /** The broker's own sentence. */
  readonly replyText: string
}

const NEXT_STEPS: Readonly<Record<number, string>> = {
  403: '. Grant the right with rabbitmqctl set_permissions',
  404: '. Declare it, or correct its name',
}

/** Sentences that say of what passes by itself what the code alone says of a mistake; and when it has passed. */
const PASSING_TEXTS: readonly (readonly [text: RegExp, next: string])[] = [
  // To a second consumer RabbitMQ says 403, as it does where a right is missing; but this passes with the first one.
  [/in exclusive use$/, '. It is free when the other consumer is gone'],
  // Of a classic queue whose node is away it says 404, as if there were none; but the queue is back when that node is.
  [
    /^home node .* is down or inaccessible$|^queue .* process is stopped by supervisor$/s,
    '. It is there again when its node is',
  ],
  // The default exchange is in every vhost. Where it is missing, the metadata store is away, as with a full disk.
  [/^no exchange '(amq\.default)?' in vhost /s, '. It is there again when the metadata store of the broker is'],
  // Of a stream that its node is still starting, or has no replica of, it says 406, as of a mistake in what was asked.
  [/does not have a (running )?replica on the local node$/, '. It is there when one runs; another node may have one'],
]

/** It refuses one routing key of a topic exchange: that is another right. @see https://www.rabbitmq.com/docs/access-control */
const TOPIC_REFUSED = /^(\w+ )?access to topic /
const GRANT_TOPIC = '. Grant the right with rabbitmqctl set_topic_permissions'

/** The broker's words, and what can be done. @param passes - nothing need be granted or declared */
export function describeReply({ replyCode, replyName, replyText }: BrokerReply, passes = false): string {
  return `${replyCode} ${replyName}: ${replyText}${nextStep(replyCode, replyText, passes)}`
}

function nextStep(replyCode: number, replyText: string, passes: boolean): string {
  const limit = limitStep(replyText)
  if (limit !== undefined) return `. ${limit}`
  if (passes) return nextOfPassing(replyText) ?? ''
  if (replyCode === 403 && TOPIC_REFUSED.test(replyText)) return GRANT_TOPIC
  return nextOfPassing(replyText) ?? NEXT_STEPS[replyCode] ?? ''
}

function nextOfPassing(replyText: string): string | undefined {
  const [, next] = PASSING_TEXTS.find(([text]) => text.test(replyText)) ?? []
  return next
}

const PASSING_REPLIES: ReadonlySet<number> = new Set([311, 320, 405, 504, 506, 541])
/** RabbitMQ refuses features it has retired with 541 too. @see https://www.rabbitmq.com/docs/deprecated-features */
const DEPRECATED = /deprecated/i

/** Whether the same may succeed later, without anybody's doing. */
export function isPassing({ replyCode, replyText }: BrokerReply): boolean {
  return nextOfPassing(replyText) !== undefined || (PASSING_REPLIES.has(replyCode) && !DEPRECATED.test(replyText))
}

/** Whether it says that a right is missing, or an exchange: both are said of everything while the metadata store of the broker is away. */
export function isDenied({ replyCode, replyText }: BrokerReply): boolean {
  if (replyCode === 403) return / refused for user '/.test(replyText)
  return replyCode === 404 && /^no exchange '/.test(replyText)
}
