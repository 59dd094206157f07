import { findExchange } from '../../broker/declare-exchange.js'
import { Message } from '../../broker/message/message.js'
import { REPLY_TO, ReplyAddresses } from '../../broker/reply-to.js'
import { ReplyError } from '../../broker/rules/reply-error.js'
import type { Arguments } from '../../wire/methods.js'
import type { ContentHeader, Properties } from '../../wire/properties.js'
import type { ChannelState } from '../channel/channel-state.js'

/** A complete message of a client. */
export interface Publication {
  readonly args: Arguments<'basic.publish'>
  readonly header: ContentHeader
  readonly body: Buffer
}

/** Publishes a message of a client, and reports the result to it. @throws ReplyError if it is refused */
export function publish(channel: ChannelState, { args, header, body }: Publication): void {
  const { exchange, routingKey, mandatory } = args
  // A refused message takes a tag too. The channel ends with it.
  const tag = channel.confirms?.next()
  check(channel, args, header.properties)
  const properties = withReplyAddress(channel, header.properties)
  // A copy, because the header is a slice of the socket's chunk.
  const encoded = properties === header.properties ? Buffer.from(header.encoded) : undefined
  const message = new Message({ exchange, routingKey, properties, body, ...(encoded === undefined ? {} : { encoded }) })
  const run = (): void => {
    const { queues, routed, stored } = channel.vhost.publish(message)
    if (stored) channel.broker.published.add({ vhost: channel.vhost.name, queues, message })
    channel.note({
      kind: 'published',
      exchange,
      routingKey,
      messageId: properties.messageId,
      ...(stored ? {} : { what: 'refused' }),
    })
    if (!routed && mandatory && !isLateReply(channel, message)) giveBack(channel, message)
    if (tag !== undefined) channel.confirms?.settle(tag, stored)
  }
  if (channel.transaction === undefined) run()
  else channel.transaction.publish(run)
}

/** Whether a message is a reply to a closed channel that this version drops silently. */
function isLateReply(channel: ChannelState, { exchange, routingKey }: Message): boolean {
  return exchange === '' && ReplyAddresses.isAddress(routingKey) && !channel.broker.profile.returnsLateReplies
}

function giveBack(channel: ChannelState, message: Message): void {
  const { exchange, routingKey, properties } = message
  const args = { replyCode: 312, replyText: 'NO_ROUTE', exchange, routingKey }
  channel.output.sendContent(channel.number, 'basic.return', args, message)
  channel.note({ kind: 'returned', exchange, routingKey, messageId: properties.messageId })
}

function check(
  channel: ChannelState,
  { exchange: name, routingKey, immediate }: Arguments<'basic.publish'>,
  properties: Properties,
): void {
  if (immediate) throw new ReplyError(540, 'immediate=true')
  channel.check('write', 'exchange', name)
  const exchange = findExchange(channel.vhost, name)
  if (exchange.internal)
    throw new ReplyError(403, `cannot publish to internal exchange '${name}' in vhost '${channel.vhost.name}'`)
  channel.checkTopic('write', exchange, routingKey)
  const { userId, expiration } = properties
  const { user } = channel.connection
  if (userId !== undefined && userId !== user)
    throw new ReplyError(406, `user_id property set to '${userId}' but authenticated user was '${user}'`)
  const wrong = expiration === undefined ? undefined : wrongExpiration(expiration)
  if (wrong !== undefined) throw new ReplyError(406, `invalid expiration '${expiration}': ${wrong}`)
}

/** Returns the error of Erlang's `string:to_integer`, as RabbitMQ prints it. */
function wrongExpiration(expiration: string): string | undefined {
  const [, digits, rest = ''] = /^([+-]?\d+)(.*)$/s.exec(expiration) ?? []
  if (digits === undefined) return 'no_integer'
  if (rest !== '') return `{leftover_string,"${rest}"}`
  return Number(digits) < 0 ? `{value_negative,${digits}}` : undefined
}

/** Replaces the pseudo-queue in `reply-to` by the channel's own address. */
function withReplyAddress(channel: ChannelState, properties: Properties): Properties {
  if (properties.replyTo !== REPLY_TO) return properties
  if (channel.replies === undefined) throw new ReplyError(406, 'fast reply consumer does not exist')
  return { ...properties, replyTo: channel.replies.address }
}
