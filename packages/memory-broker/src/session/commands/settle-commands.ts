import type { RejectKind } from '../../broker/message/delivery.js'
import { ReplyError } from '../../broker/rules/reply-error.js'
import type { ChannelState } from '../channel/channel-state.js'
import type { LedgerEntry } from '../channel/ledger.js'
import type { Commands } from './command.js'

export const settleCommands: Commands = {
  'basic.ack': (channel, { deliveryTag, multiple }) => settle(channel, channel.ledger.take(deliveryTag, multiple), ack),
  'basic.nack': (channel, { deliveryTag, multiple, requeue }) =>
    settle(channel, channel.ledger.take(deliveryTag, multiple), requeue ? requeueBy('nack') : rejectBy('nack')),
  'basic.reject': (channel, { deliveryTag, requeue }) =>
    settle(channel, channel.ledger.take(deliveryTag, false), requeue ? requeueBy('reject') : rejectBy('reject')),
  'basic.recover': (channel, { requeue }) => {
    recover(channel, requeue)
    channel.send('basic.recover-ok', {})
  },
  'basic.recover-async': (channel, { requeue }) => recover(channel, requeue),
  'basic.get': (channel, { queue: name, noAck }) => {
    channel.check('read', 'queue', channel.queueName(name))
    const queue = channel.queue(name)
    const taken = queue.get(channel, noAck)
    if (taken === undefined) {
      channel.send('basic.get-empty', { clusterId: '' })
      return
    }
    const { delivery, message } = taken
    const { exchange, routingKey, properties } = message
    const deliveryTag = channel.ledger.nextTag()
    if (!noAck) channel.ledger.add({ tag: deliveryTag, queue, delivery, consumer: undefined })
    const { redelivered } = delivery.item
    const args = { deliveryTag, redelivered, exchange, routingKey, messageCount: queue.ready }
    channel.output.sendContent(channel.number, 'basic.get-ok', args, message)
    channel.note({
      kind: 'delivered',
      queue: queue.name,
      messageId: properties.messageId,
      what: `get, tag ${deliveryTag}`,
    })
  },
}

type Settle = (channel: ChannelState, entries: readonly LedgerEntry[]) => void

function settle(channel: ChannelState, entries: readonly LedgerEntry[], how: Settle): void {
  if (channel.transaction !== undefined) channel.transaction.settle(entries, () => how(channel, entries))
  else how(channel, entries)
  channel.dispatch(entries.map(({ queue }) => queue))
}

const ack: Settle = (channel, entries) => {
  for (const { queue, delivery } of entries) queue.ack(delivery)
  note(channel, 'acked', entries)
}

function rejectBy(kind: RejectKind): Settle {
  return (channel, entries) => {
    note(channel, 'rejected', entries)
    for (const { queue, delivery } of entries) queue.reject(delivery, kind)
  }
}

function requeueBy(kind: RejectKind): Settle {
  return (channel, entries) => {
    note(channel, 'requeued', entries)
    channel.giveBack(entries, kind)
  }
}

function recover(channel: ChannelState, requeue: boolean): void {
  if (!requeue) throw new ReplyError(540, 'requeue=false')
  const entries = channel.ledger.takeAll()
  note(channel, 'requeued', entries)
  channel.giveBack(entries, 'recover')
}

function note(channel: ChannelState, kind: 'acked' | 'rejected' | 'requeued', entries: readonly LedgerEntry[]): void {
  for (const { tag, queue, delivery } of entries) {
    const { messageId } = delivery.item.message.properties
    channel.note({ kind, queue: queue.name, messageId, what: `tag ${tag}` })
  }
}
