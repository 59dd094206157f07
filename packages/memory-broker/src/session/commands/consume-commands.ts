import { randomBytes } from 'node:crypto'
import type { StreamStart } from '../../broker/message/delivery.js'
import type { Message } from '../../broker/message/message.js'
import type { Queue } from '../../broker/queue/queue.js'
import { REPLY_TO } from '../../broker/reply-to.js'
import type { Profile } from '../../broker/rules/profile.js'
import { described, maxAgeMs } from '../../broker/rules/queue-arguments.js'
import { ReplyError } from '../../broker/rules/reply-error.js'
import { type Field, integerOf, textOf, toValue, typeName } from '../../wire/field.js'
import type { Arguments } from '../../wire/methods.js'
import { ChannelConsumer } from '../channel/channel-consumer.js'
import type { ChannelState } from '../channel/channel-state.js'
import type { Commands } from './command.js'

type Consume = Arguments<'basic.consume'>

export const consumeCommands: Commands = {
  'basic.qos': (channel, { prefetchSize, prefetchCount, global }) => {
    if (prefetchSize !== 0) throw new ReplyError(540, `prefetch_size!=0 (${prefetchSize})`)
    if (global && channel.broker.profile.globalPrefetch) channel.globalPrefetch = prefetchCount
    else channel.prefetch = prefetchCount
    channel.send('basic.qos-ok', {})
    if (global) channel.dispatch([])
  },
  'basic.consume': (channel, args) => {
    const consumerTag = args.consumerTag === '' ? `amq.ctag-${randomBytes(16).toString('base64url')}` : args.consumerTag
    if (args.queue === REPLY_TO) consumeReplies(channel, args, consumerTag)
    else consume(channel, args, consumerTag)
  },
  'basic.cancel': (channel, { consumerTag, noWait }) => {
    const consumer = channel.consumers.get(consumerTag)
    channel.consumers.delete(consumerTag)
    if (channel.replies?.consumerTag === consumerTag) endReplies(channel)
    // The consumer is removed before the answer, so nothing is delivered after it. An auto-delete queue is then gone
    // too.
    consumer?.queue.removeConsumer(consumer)
    if (!noWait) channel.send('basic.cancel-ok', { consumerTag })
  },
}

function consume(channel: ChannelState, args: Consume, tag: string): void {
  const name = channel.queueName(args.queue)
  channel.check('read', 'queue', name)
  if (channel.consumers.has(tag)) throw new ReplyError(530, `attempt to reuse consumer tag '${tag}'`)
  const queue = channel.queue(name)
  const subject = described('queue', name, channel.vhost.name)
  const offset = startOf(queue, args, subject, channel.broker.profile)
  const priority = priorityOf(queue, args, subject)
  if (queue.type === 'stream') checkStream(channel, args, subject)
  if (queue.type === 'quorum' && channel.globalPrefetch > 0)
    throw new ReplyError(540, `${subject} does not support global qos`)
  // Quorum queues and streams have no exclusive consumers.
  if (queue.type === 'classic' && (queue.consumers.hasExclusive || (args.exclusive && queue.consumers.count > 0)))
    throw new ReplyError(403, `${subject} in exclusive use`)
  const { noAck, exclusive } = args
  const options = { tag, queue, noAck, exclusive, priority, prefetch: channel.prefetch, offset }
  const consumer = new ChannelConsumer(options, channel)
  channel.consumers.set(tag, consumer)
  queue.addConsumer(consumer)
  if (!args.noWait) channel.send('basic.consume-ok', { consumerTag: tag })
  channel.note({ kind: 'consuming', queue: name, what: tag })
  queue.dispatch()
}

function checkStream(channel: ChannelState, { noAck }: Consume, subject: string): void {
  const isOld = channel.broker.profile.like === '3.10'
  if (noAck)
    throw new ReplyError(
      540,
      `automatic acknowledgement not supported by stream ${isOld ? `queues ${subject}` : subject}`,
    )
  if (channel.prefetch > 0 || channel.globalPrefetch > 0) return
  throw new ReplyError(406, `consumer prefetch count is not set for ${isOld ? `'${subject}'` : `stream ${subject}`}`)
}

function priorityOf({ type }: Queue, { arguments: args }: Consume, subject: string): number {
  const field = args.get('x-priority')
  if (field === undefined) return 0
  if (type === 'stream')
    throw new ReplyError(406, `invalid arg 'x-priority' for ${subject} of queue type rabbit_stream_queue`)
  const priority = integerOf(field)
  if (priority !== undefined) return priority
  throw new ReplyError(406, `invalid arg 'x-priority' for ${subject}: "expected integer, got ${typeName(field)}"`)
}

/** Returns the position at which a consumer begins to read a stream. @throws ReplyError if the argument is wrong */
function startOf({ type }: Queue, { arguments: args }: Consume, subject: string, profile: Profile): StreamStart {
  const field = args.get('x-stream-offset')
  if (field === undefined) return 'next'
  if (type !== 'stream')
    throw new ReplyError(406, `invalid arg 'x-stream-offset' for ${subject} of queue type rabbit_${type}_queue`)
  const start = readStart(field)
  if (start !== undefined) return start
  if (profile.like !== '4.3') throw new ReplyError(541, '')
  const printed = `{${typeName(field)},<<"${String(toValue(field))}">>}`
  throw new ReplyError(406, `invalid arg 'x-stream-offset' for ${subject}: {invalid_stream_offset_arg,${printed}}`)
}

function readStart(field: Field): StreamStart | undefined {
  const offset = integerOf(field)
  if (offset !== undefined) return { offset }
  if (field.type === 'T') return { timeMs: Number(field.bytes.readBigUInt64BE()) * 1000 }
  const text = textOf(field)
  if (text === 'first' || text === 'last' || text === 'next') return text
  const ageMs = maxAgeMs(text ?? '')
  return ageMs === undefined ? undefined : { timeMs: Date.now() - ageMs }
}

/** Consumes direct reply-to: the channel gets an address, and the messages sent to it. */
function consumeReplies(channel: ChannelState, args: Consume, consumerTag: string): void {
  if (channel.replies !== undefined) throw new ReplyError(406, 'reply consumer already set')
  if (!args.noAck) throw new ReplyError(406, 'reply consumer cannot acknowledge')
  const reply = (message: Message): void => {
    const { exchange, routingKey } = message
    const deliveryTag = channel.ledger.nextTag()
    const delivered = { consumerTag, deliveryTag, redelivered: false, exchange, routingKey }
    channel.output.sendContent(channel.number, 'basic.deliver', delivered, message)
    channel.note({ kind: 'delivered', queue: REPLY_TO, messageId: message.properties.messageId })
  }
  channel.replies = { address: channel.vhost.replies.open({ reply }), consumerTag }
  if (!args.noWait) channel.send('basic.consume-ok', { consumerTag })
}

function endReplies(channel: ChannelState): void {
  if (channel.replies === undefined) return
  channel.vhost.replies.close(channel.replies.address)
  channel.replies = undefined
}
