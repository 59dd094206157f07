import { declareExchange, findExchange, refuseDefault, removeExchange } from '../../broker/declare-exchange.js'
import type { Destination, Exchange } from '../../broker/routing/exchange.js'
import { wordsOf } from '../../broker/routing/topic.js'
import { ReplyError } from '../../broker/rules/reply-error.js'
import type { Arguments } from '../../wire/methods.js'
import type { ChannelState } from '../channel/channel-state.js'
import type { Commands } from './command.js'

export const exchangeCommands: Commands = {
  'exchange.declare': (channel, args) => {
    declare(channel, args)
    if (!args.noWait) channel.send('exchange.declare-ok', {})
  },
  'exchange.delete': (channel, { exchange, ifUnused, noWait }) => {
    refuseDefault(exchange)
    channel.check('configure', 'exchange', exchange)
    removeExchange(channel.vhost, exchange, ifUnused)
    channel.note({ kind: 'deleted', exchange })
    if (!noWait) channel.send('exchange.delete-ok', {})
  },
  'exchange.bind': (channel, args) => {
    const [source, destination] = exchangesOf(channel, args)
    bind(channel, { source, destination, key: args.routingKey, args: args.arguments })
    if (!args.noWait) channel.send('exchange.bind-ok', {})
  },
  'exchange.unbind': (channel, args) => {
    const [source, destination] = exchangesOf(channel, args)
    channel.checkTopic('read', source, args.routingKey)
    channel.vhost.unbind(source, destination, args.routingKey, args.arguments)
    channel.note({ kind: 'unbound', exchange: source.name, routingKey: args.routingKey })
    if (!args.noWait) channel.send('exchange.unbind-ok', {})
  },
}

/** A binding to create. */
export interface NewBinding {
  readonly source: Exchange
  readonly destination: Destination
  readonly key: string
  readonly args: Arguments<'queue.bind'>['arguments']
}

/** Creates a binding, unless it exists. @throws ReplyError if the key or the arguments are refused */
export function bind(channel: ChannelState, { source, destination, key, args }: NewBinding): void {
  channel.checkTopic('read', source, key)
  const most = channel.broker.profile.maxHashes
  const hashes = source.type === 'topic' ? wordsOf(key).filter((word) => word === '#').length : 0
  if (hashes > most)
    throw new ReplyError(406, `Topic binding key '${key}' uses ${hashes} '#' wildcards, at most ${most} are allowed`)
  source.bind(destination, key, args)
  channel.note({
    kind: 'bound',
    exchange: source.name,
    routingKey: key,
    what: `to ${destination.kind} '${destination.name}'`,
  })
}

function declare(channel: ChannelState, args: Arguments<'exchange.declare'>): void {
  const { vhost, broker } = channel
  if (args.passive) {
    refuseDefault(args.exchange)
    findExchange(vhost, args.exchange)
    return
  }
  refuseDefault(args.exchange)
  channel.check('configure', 'exchange', args.exchange)
  const alternate = args.arguments.text('alternate-exchange')
  if (alternate !== undefined && !vhost.exchanges.has(args.exchange)) {
    channel.check('read', 'exchange', args.exchange)
    channel.check('write', 'exchange', alternate)
  }
  const { exchange: name, type, durable, autoDelete, internal } = args
  declareExchange(vhost, { name, type, durable, autoDelete, internal, args: args.arguments }, broker.profile)
  channel.note({ kind: 'declared', exchange: name, what: type })
}

function exchangesOf(
  channel: ChannelState,
  args: Arguments<'exchange.bind'>,
): [source: Exchange, destination: Exchange] {
  refuseDefault(args.source)
  refuseDefault(args.destination)
  channel.check('write', 'exchange', args.destination)
  channel.check('read', 'exchange', args.source)
  return [findExchange(channel.vhost, args.source), findExchange(channel.vhost, args.destination)]
}
