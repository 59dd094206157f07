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

/** To a second consumer RabbitMQ says 403, as it does where a right is missing; but this passes with the first one. */
const IN_EXCLUSIVE_USE = /in exclusive use$/

/** Of a classic queue whose node is away RabbitMQ says 404, as if there were none; but the queue is back when that node is. */
const NODE_IS_DOWN = /^home node .* is down or inaccessible$|^queue .* process is stopped by supervisor$/s

/** Of a stream that its node is still starting, or has no replica of, RabbitMQ says 406, as of a mistake in what was asked. */
const HAS_NO_REPLICA = /does not have a (running )?replica on the local node$/

/** The broker's words, and what can be done. */
export function describeReply({ replyCode, replyName, replyText }: BrokerReply): string {
  return `${replyCode} ${replyName}: ${replyText}${nextStep(replyCode, replyText)}`
}

function nextStep(replyCode: number, replyText: string): string {
  if (IN_EXCLUSIVE_USE.test(replyText)) return '. It is free when the other consumer is gone'
  if (NODE_IS_DOWN.test(replyText)) return '. It is there again when its node is'
  if (HAS_NO_REPLICA.test(replyText)) return '. It is there when one runs; another node may have one'
  return NEXT_STEPS[replyCode] ?? ''
}

const PASSING_REPLIES: ReadonlySet<number> = new Set([311, 320, 405, 504, 506, 541])
/** RabbitMQ refuses features it has retired with 541 too. @see https://www.rabbitmq.com/docs/deprecated-features */
const DEPRECATED = /deprecated/i

/** Whether the same may succeed later, without anybody's doing. */
export function isPassing({ replyCode, replyText }: BrokerReply): boolean {
  const passes = [IN_EXCLUSIVE_USE, NODE_IS_DOWN, HAS_NO_REPLICA].some((reply) => reply.test(replyText))
  return passes || (PASSING_REPLIES.has(replyCode) && !DEPRECATED.test(replyText))
}
