import { randomBytes } from 'node:crypto'
import { fieldOf } from '../wire/field.js'
import type { FieldTable } from '../wire/field-table.js'
import type { Queue } from './queue/queue.js'
import type { Profile } from './rules/profile.js'
import { checkQueueArguments, described, type QueueType } from './rules/queue-arguments.js'
import { ReplyError } from './rules/reply-error.js'
import { checkSameArguments, checkSameProperties } from './rules/same-arguments.js'
import type { Vhost } from './vhost.js'

export interface QueueRequest {
  readonly name: string
  /** Whether the broker has made the name, by {@link generatedName}. */
  readonly hasGeneratedName?: boolean
  readonly durable: boolean
  readonly autoDelete: boolean
  /** The connection that will own an exclusive queue; `undefined` for other queues. */
  readonly owner: object | undefined
  readonly args: FieldTable
}

/** The connection that asks, because an exclusive queue belongs to one connection. */
export interface Asker {
  readonly connection: object | undefined
}

const TRANSIENT_DENIED =
  'Feature `transient_nonexcl_queues` is deprecated.\n' +
  'Its use is not permitted per the configuration (overriding the default, which is permitted):\n' +
  '    "deprecated_features.permit.transient_nonexcl_queues = false"\n' +
  'Its use will not be permitted by default starting from the next minor RabbitMQ version.'

/**
 * Finds a queue that a connection may use. @throws ReplyError 404 if there is none, 405 if it is exclusive to another
 */
export function findQueue(vhost: Vhost, name: string, { connection }: Asker): Queue {
  const queue = vhost.queues.get(name)
  if (queue === undefined) throw new ReplyError(404, `no ${described('queue', name, vhost.name)}`)
  if (queue.owner !== undefined && queue.owner !== connection) throw lockedQueue(queue, vhost)
  return queue
}

/** Makes the name of a queue that is declared without one. */
export function generatedName(): string {
  return `amq.gen-${randomBytes(16).toString('base64url')}`
}

/** Declares a queue, or checks that an existing one is declared in the same way. @throws ReplyError */
export function declareQueue(vhost: Vhost, asked: QueueRequest, profile: Profile): Queue {
  const request = withDefaultType(vhost, asked, profile)
  const { name } = request
  const known = vhost.queues.get(name)
  const subject = described('queue', name, vhost.name)
  if (known !== undefined) return sameQueue(known, request, vhost, profile)
  if (name.startsWith('amq.') && request.hasGeneratedName !== true)
    throw new ReplyError(403, `queue name '${name}' contains reserved prefix 'amq.*'`)
  const most = vhost.reached('max-queues', vhost.queues.size)
  if (most !== undefined)
    throw new ReplyError(
      406,
      `cannot declare queue '${name}': queue limit in vhost '${vhost.name}' (${most}) is reached`,
    )
  const type = checkQueueArguments(request.args, subject, profile)
  if (!request.durable && request.owner === undefined && !profile.transientQueues)
    throw new ReplyError(541, TRANSIENT_DENIED)
  checkProperties(type, request, subject)
  return vhost.createQueue({ ...request, type })
}

/** Adds the default type of the vhost, if the queue can be of it. */
function withDefaultType(vhost: Vhost, request: QueueRequest, profile: Profile): QueueRequest {
  const { defaultQueueType: type } = vhost
  if (type === undefined || profile.like === '3.10' || request.args.get('x-queue-type') !== undefined) return request
  const fits = request.durable && request.owner === undefined && !request.autoDelete
  if (type !== 'classic' && !fits) return request
  return { ...request, args: request.args.with('x-queue-type', fieldOf(type)) }
}

function sameQueue(queue: Queue, request: QueueRequest, vhost: Vhost, profile: Profile): Queue {
  const subject = described('queue', queue.name, vhost.name)
  if (queue.owner !== request.owner) throw lockedQueue(queue, vhost)
  const properties = [
    ['durable', request.durable, queue.durable],
    ['auto_delete', request.autoDelete, queue.autoDelete],
  ] as const
  checkSameProperties(properties, subject)
  checkSameArguments(queue, request.args, subject, profile)
  queue.used()
  return queue
}

/** Refuses properties that a quorum queue or a stream cannot have. */
function checkProperties(type: QueueType, request: QueueRequest, subject: string): void {
  if (type === 'classic') return
  const wrong = [
    ['non-durable', !request.durable && request.owner === undefined],
    ['exclusive-owner', request.owner !== undefined],
    ['auto-delete', request.autoDelete],
  ] as const
  const found = wrong.find(([, isSo]) => isSo)
  if (found !== undefined) throw new ReplyError(406, `invalid property '${found[0]}' for ${subject}`)
}

function lockedQueue(queue: Queue, vhost: Vhost): ReplyError {
  return new ReplyError(
    405,
    `cannot obtain exclusive access to locked ${described('queue', queue.name, vhost.name)}. It could be originally ` +
      'declared on another connection or the exclusive property value does not match that of the original declaration.',
  )
}
