import { findExchange, refuseDefault } from '../../broker/declare-exchange.js'
import { declareQueue, findQueue, generatedName } from '../../broker/declare-queue.js'
import type { Queue } from '../../broker/queue/queue.js'
import { REPLY_TO, ReplyAddresses } from '../../broker/reply-to.js'
import type { Exchange } from '../../broker/routing/exchange.js'
import { described } from '../../broker/rules/queue-arguments.js'
import { ReplyError } from '../../broker/rules/reply-error.js'
import type { Arguments } from '../../wire/methods.js'
import type { ChannelState } from '../channel/channel-state.js'
import type { Commands } from './command.js'
import { bind } from './exchange-commands.js'

export const queueCommands: Commands = {
  'queue.declare': (channel, args) => {
    const [name, messageCount, consumerCount] = declare(channel, args)
    channel.lastQueue = name
    if (!args.noWait) channel.send('queue.declare-ok', { queue: name, messageCount, consumerCount })
  },
  'queue.bind': (channel, args) => {
    const [queue, source] = endsOf(channel, args)
    const key = keyOf(channel, args)
    bind(channel, { source, destination: queue, key, args: args.arguments })
    if (!args.noWait) channel.send('queue.bind-ok', {})
  },
  'queue.unbind': (channel, args) => {
    unbind(channel, args)
    channel.send('queue.unbind-ok', {})
  },
  'queue.purge': (channel, { queue: name, noWait }) => {
    channel.check('read', 'queue', channel.queueName(name))
    const messageCount = channel.queue(name).purge()
    if (!noWait) channel.send('queue.purge-ok', { messageCount })
  },
  'queue.delete': (channel, args) => {
    const messageCount = remove(channel, args)
    if (!args.noWait) channel.send('queue.delete-ok', { messageCount })
  },
}

type Declared = [name: string, messages: number, consumers: number]

function declare(channel: ChannelState, args: Arguments<'queue.declare'>): Declared {
  if (args.passive) return look(channel, args.queue)
  const owner = args.exclusive ? channel.connection : undefined
  const hasGeneratedName = args.queue === ''
  const name = hasGeneratedName ? generatedName() : args.queue
  channel.check('configure', 'queue', name)
  const exchange = args.arguments.text('x-dead-letter-exchange')
  if (exchange !== undefined && !channel.vhost.queues.has(name)) {
    channel.check('read', 'queue', name)
    channel.check('write', 'exchange', exchange)
  }
  const { durable, autoDelete } = args
  const request = { name, hasGeneratedName, durable, autoDelete, owner, args: args.arguments }
  const queue = declareQueue(channel.vhost, request, channel.broker.profile)
  channel.note({ kind: 'declared', queue: queue.name, what: queue.type })
  return declared(queue)
}

/** Carries out a passive declaration. An address of direct reply-to exists as long as its consumer. */
function look(channel: ChannelState, name: string): Declared {
  if (name === REPLY_TO) return [name, 0, 1]
  if (ReplyAddresses.isMeant(name)) return lookForAddress(channel, name)
  const queue = findQueue(channel.vhost, name, channel.asker)
  queue.used()
  return declared(queue)
}

function lookForAddress({ vhost, broker }: ChannelState, name: string): Declared {
  if (vhost.replies.find(name) !== undefined) return [name, 0, 1]
  if (!ReplyAddresses.isAddress(name) && broker.profile.like === '4.3') throw new ReplyError(541, '')
  throw new ReplyError(404, `no ${described('queue', name, vhost.name)}`)
}

function declared(queue: Queue): Declared {
  return [queue.name, queue.ready, queue.consumerCount]
}

function remove(channel: ChannelState, { queue: given, ifUnused, ifEmpty }: Arguments<'queue.delete'>): number {
  const name = channel.queueName(given)
  channel.check('configure', 'queue', name)
  if (!channel.vhost.queues.has(name)) return 0
  const queue = channel.queue(name)
  const subject = described('queue', name, channel.vhost.name)
  if (ifEmpty && queue.type === 'quorum')
    throw new ReplyError(
      540,
      `cannot delete ${subject}. queue.delete operations with if-empty flag set are not supported by quorum queues`,
    )
  if (ifUnused && queue.consumers.count > 0) throw new ReplyError(406, `${subject} in use`)
  if (ifEmpty && queue.ready > 0) throw new ReplyError(406, `${subject} not empty`)
  const messageCount = queue.ready
  channel.vhost.deleteQueue(queue)
  channel.note({ kind: 'deleted', queue: name })
  return messageCount
}

function endsOf(
  channel: ChannelState,
  args: Arguments<'queue.bind' | 'queue.unbind'>,
): [queue: Queue, source: Exchange] {
  refuseDefault(args.exchange)
  channel.check('write', 'queue', channel.queueName(args.queue))
  channel.check('read', 'exchange', args.exchange)
  const source = findExchange(channel.vhost, args.exchange)
  return [channel.queue(args.queue), source]
}

/** Returns the key of a binding: the queue's name if neither queue nor key is given. */
function keyOf(channel: ChannelState, { queue, routingKey }: Arguments<'queue.bind' | 'queue.unbind'>): string {
  return queue === '' && routingKey === '' ? channel.lastQueue : routingKey
}

/** Removes a binding. A missing binding is not an error. */
function unbind(channel: ChannelState, args: Arguments<'queue.unbind'>): void {
  const { vhost } = channel
  refuseDefault(args.exchange)
  channel.check('write', 'queue', channel.queueName(args.queue))
  channel.check('read', 'exchange', args.exchange)
  const known = vhost.queues.get(channel.queueName(args.queue))
  const source = vhost.exchanges.get(args.exchange)
  const key = keyOf(channel, args)
  if (source !== undefined) channel.checkTopic('read', source, key)
  if (known === undefined || source?.has(known, key, args.arguments) !== true) return
  // The owner of the queue matters only if there is a binding to remove.
  const queue = channel.queue(args.queue)
  vhost.unbind(source, queue, key, args.arguments)
  channel.note({ kind: 'unbound', queue: queue.name, exchange: source.name, routingKey: key })
}
