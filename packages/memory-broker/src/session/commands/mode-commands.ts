import { ReplyError } from '../../broker/rules/reply-error.js'
import type { ChannelState } from '../channel/channel-state.js'
import { Transaction } from '../channel/transaction.js'
import type { Commands } from './command.js'

/** Commands that set the mode of a channel. */
export const modeCommands: Commands = {
  'confirm.select': (channel, { noWait }) => {
    if (channel.transaction !== undefined) throw new ReplyError(406, 'cannot switch from tx to confirm mode')
    channel.selectConfirms()
    if (!noWait) channel.send('confirm.select-ok', {})
  },
  'tx.select': (channel) => {
    if (channel.confirms !== undefined) throw new ReplyError(406, 'cannot switch from confirm to tx mode')
    channel.transaction ??= new Transaction((entries) => channel.ledger.restore(entries))
    channel.send('tx.select-ok', {})
  },
  'tx.commit': (channel) => {
    transactionOf(channel).commit()
    channel.send('tx.commit-ok', {})
  },
  'tx.rollback': (channel) => {
    transactionOf(channel).rollback()
    channel.send('tx.rollback-ok', {})
  },
  'channel.flow': (channel, { active }) => {
    if (!active) throw new ReplyError(540, 'active=false')
    channel.send('channel.flow-ok', { active })
  },
  'access.request': (channel) => channel.send('access.request-ok', { ticket: 1 }),
}

function transactionOf({ transaction }: ChannelState): Transaction {
  if (transaction === undefined) throw new ReplyError(406, 'channel is not transactional')
  return transaction
}
