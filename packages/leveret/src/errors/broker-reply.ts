import { limitStep } from './broker-limits.js'

/** The broker's reply when it closed a channel or a connection, or refused an operation. */
export interface BrokerReply {
  /** AMQP reply code, for example 404. @see https://www.rabbitmq.com/amqp-0-9-1-reference#constants */
  readonly replyCode: number
  /** Name of the reply code, for example `NOT_FOUND`. */
  readonly replyName: string
  /** The broker's own sentence. */
  readonly replyText: string
}

const NEXT_STEPS: Readonly<Record<number, string>> = {
  403: '. Grant the right with rabbitmqctl set_permissions',
  404: '. Declare it, or correct its name',
}

/** Reply texts of a temporary condition whose reply code usually means a mistake, each with what ends the condition. */
const PASSING_TEXTS: readonly (readonly [text: RegExp, next: string])[] = [
  // RabbitMQ refuses a second consumer with 403, the code of a missing right. The refusal ends with the first consumer.
  [/in exclusive use$/, '. The queue is free when the other consumer has ended'],
  // A classic queue whose node is down gets 404, the code of a missing queue. The queue is back when its node is.
  [
    /^home node .* is down or inaccessible$|^queue .* process is stopped by supervisor$/s,
    '. The queue is available again when its node is',
  ],
  // Every vhost has the default exchange. If it is missing, the metadata store is down, for example after a full disk.
  [
    /^no exchange '(amq\.default)?' in vhost /s,
    ". The exchange is available again when the broker's metadata store is",
  ],
  // A stream that is still starting on this node, or has no replica there, gets 406, the code of a wrong request.
  [
    /does not have a (running )?replica on the local node$/,
    '. The stream is available when a replica runs on this node; another node may have one',
  ],
]

/**
 * Reply text of a topic exchange that refuses one routing key. That needs another right.
 *
 * @see https://www.rabbitmq.com/docs/access-control
 */
const TOPIC_REFUSED = /^(\w+ )?access to topic /
const GRANT_TOPIC = '. Grant the right with rabbitmqctl set_topic_permissions'

/**
 * Describes the broker's reply and the next step.
 *
 * @param passes - whether the condition ends without anything being granted or declared
 */
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
/**
 * Reply text for a retired feature, which RabbitMQ also refuses with 541.
 *
 * @see https://www.rabbitmq.com/docs/deprecated-features
 */
const DEPRECATED = /deprecated/i

/** Whether the same operation may succeed later although nothing is changed. */
export function isPassing({ replyCode, replyText }: BrokerReply): boolean {
  return nextOfPassing(replyText) !== undefined || (PASSING_REPLIES.has(replyCode) && !DEPRECATED.test(replyText))
}

/**
 * Whether the reply names a missing right or a missing exchange. RabbitMQ gives both answers to everything while its
 * metadata store is down.
 */
export function isDenied({ replyCode, replyText }: BrokerReply): boolean {
  if (replyCode === 403) return / refused for user '/.test(replyText)
  return replyCode === 404 && /^no exchange '/.test(replyText)
}
